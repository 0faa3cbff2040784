import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Express } from 'express';
import helmet from 'helmet';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Agon API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const start = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true });
`;

/** Swagger's page sets style attributes and shows images from data URLs; everything else comes from here. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

/** Serves the description of the API as a page, from files of ours. */
export function mountDocs(app: Express): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  app.use('/docs', helmet.contentSecurityPolicy(contentSecurityPolicy));
  app.get('/docs', (_request, response) => {
    response.type('html').send(page);
  });
  app.get('/docs/start.js', (_request, response) => {
    response.type('js').send(start);
  });
  app.use('/docs/assets', express.static(folder, { index: false, maxAge: '1h', fallthrough: true }));
}
