const charactersMax = 40;

/** A name for a namespace made of a key's: lower case, digits and dashes, as hubs take it. */
export const namespaceSlug = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, charactersMax)
    .replace(/^-+|-+$/g, '') || 'user';
