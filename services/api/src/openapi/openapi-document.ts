import { type ErrorCode, ErrorEnvelope, errorTable } from '@agon/contracts';
import { z } from 'zod';
import type { Auth, Route } from '../http/route.ts';
import { routes as allRoutes } from '../routes.ts';
import { type SchemaBook, schemaBook } from './schemas.ts';

type Json = Record<string, unknown>;

const security: Readonly<Record<Auth, Json[]>> = {
  key: [{ apiKey: [] }],
  miner: [{ minerSignature: [] }],
  signature: [{ minerSignature: [] }],
  none: [],
};

/** Refusals that every route with this kind of caller has. */
const errorsOfAuth: Readonly<Record<Auth, readonly ErrorCode[]>> = {
  key: ['missing_api_key', 'invalid_api_key', 'missing_scope', 'rate_limited'],
  miner: ['invalid_signature', 'replayed_request', 'miner_not_registered', 'miner_banned', 'rate_limited'],
  signature: ['invalid_signature', 'replayed_request', 'rate_limited'],
  none: ['rate_limited'],
};

const openApiPath = (path: string): string => path.replace(/[:*]([a-z_]+)/g, '{$1}');
const flat = (description: string): string => description.replace(/\s+/g, ' ');

/** Every schema that the routes name. */
function bookOf(routes: readonly Route[]): SchemaBook {
  const inputs = routes.flatMap(({ request, streams }) => [
    ...[request?.params, request?.query].flatMap((schema) =>
      schema ? fieldsOf(schema).map(([, field]) => field) : [],
    ),
    ...[request?.body, streams?.fields].flatMap((schema) => (schema ? [schema] : [])),
  ]);
  const outputs = routes.flatMap(({ response, answers }) => [
    ...(response ? [response] : []),
    ...(answers?.fields ? [answers.fields] : []),
  ]);
  return schemaBook({ inputs, outputs: [...outputs, ErrorEnvelope] });
}

const fieldsOf = (schema: z.ZodType): [string, z.ZodType][] =>
  schema instanceof z.ZodObject ? (Object.entries(schema.shape) as [string, z.ZodType][]) : [];

function parametersOf(route: Route, book: SchemaBook): Json[] {
  const path = route.request?.params ? fieldsOf(route.request.params) : [];
  const query = route.request?.query ? fieldsOf(route.request.query) : [];
  return [
    ...path.map(([name, field]) => ({ name, in: 'path', required: true, schema: pathSchema(field, book) })),
    ...query.map(([name, field]) => {
      return { name, in: 'query', required: !field.safeParse(undefined).success, schema: book.input(field) };
    }),
  ];
}

/** A wildcard is an array to its handler and a string to its caller. */
const pathSchema = (field: z.ZodType, book: SchemaBook): unknown =>
  field instanceof z.ZodArray ? { type: 'string' } : book.input(field);

function bodyOf(route: Route, book: SchemaBook): Json {
  const { streams, request } = route;
  if (streams) {
    const schema = streams.fields ? book.input(streams.fields) : {};
    return {
      requestBody: { required: true, description: streams.summary, content: { [streams.contentType]: { schema } } },
    };
  }
  if (!request?.body) return {};
  return { requestBody: { required: true, content: { 'application/json': { schema: book.input(request.body) } } } };
}

function successOf(route: Route, book: SchemaBook): Json {
  const content: Json = {};
  if (route.response) content['application/json'] = { schema: book.output(route.response) };
  if (route.answers) {
    content[route.answers.contentType] = { schema: route.answers.fields ? book.output(route.answers.fields) : {} };
  }
  const description = route.answers?.summary ?? 'Success';
  return { description: flat(description), ...(Object.keys(content).length > 0 ? { content } : {}) };
}

function failuresOf(route: Route, book: SchemaBook): Json {
  const codes = [...new Set<ErrorCode>([...route.errors, ...errorsOfAuth[route.auth], 'internal'])];
  const statuses = [...new Set(codes.map((code) => errorTable[code].status))].sort();
  const entries = statuses.map((status) => {
    const named = codes.filter((code) => errorTable[code].status === status).map((code) => `\`${code}\``);
    return [
      status,
      { description: named.join(', '), content: { 'application/json': { schema: book.output(ErrorEnvelope) } } },
    ];
  });
  return Object.fromEntries(entries);
}

function operationOf(route: Route, book: SchemaBook): Json {
  const empty = route.orEmpty === undefined ? {} : { 204: { description: route.orEmpty } };
  const scopes = route.scopes ? [`Scope: ${route.scopes.map((scope) => `\`${scope}\``).join(', ')}.`] : [];
  const description = [route.description, ...scopes].filter(Boolean).join('\n\n');
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(description === '' ? {} : { description }),
    security: security[route.auth],
    parameters: parametersOf(route, book),
    ...bodyOf(route, book),
    responses: { [route.status]: successOf(route, book), ...empty, ...failuresOf(route, book) },
  };
}

export type DocumentOptions = { readonly version?: string; readonly publicUrl?: string | null };

/** The description of the API, from the same records that serve it (OpenAPI 3.1). */
export function openApiDocument(options: DocumentOptions = {}, routes: readonly Route[] = allRoutes): Json {
  const { version = '0.1.0', publicUrl = null } = options;
  const book = bookOf(routes);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = openApiPath(route.path);
    paths[path] = { ...paths[path], [route.method]: operationOf(route, book) };
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Agon',
      version,
      description: 'AutoML training jobs as a race: miners compete, an evaluator scores them on hidden rows.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: book.components,
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer' },
        minerSignature: {
          type: 'apiKey',
          in: 'header',
          name: 'signature',
          description: 'HTTP message signature (RFC 9421, Ed25519) over method, path, query and content digest.',
        },
      },
    },
  };
}
