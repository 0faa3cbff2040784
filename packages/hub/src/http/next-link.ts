import type { HubContext } from './route.ts';

/** Where the next page is, as clients follow it. */
export function nextLink(
  { base }: Pick<HubContext, 'base'>,
  path: string,
  query: Readonly<Record<string, string | number | boolean>>,
): { link: string } {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return { link: `<${base}${path}?${search}>; rel="next"` };
}
