const types: Readonly<Record<string, string>> = {
  json: 'application/json; charset=utf-8',
  png: 'image/png',
  jpg: 'image/jpeg',
  svg: 'image/svg+xml',
};
const texts = new Set(['md', 'txt', 'py', 'yaml', 'yml', 'csv', 'jsonl', 'html', 'js', 'jinja', 'gitattributes']);

/** Nothing of a repo is ever served as a page or a program. */
export function contentTypeOf(path: string): string {
  const ending = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  return types[ending] ?? (texts.has(ending) ? 'text/plain; charset=utf-8' : 'application/octet-stream');
}
