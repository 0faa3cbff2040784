import { RunnerError } from '../runner.ts';

/** What `--image` and `image` in a template.json may name. */
export type ImageReference =
  | { readonly kind: 'archive'; readonly path: string }
  | { readonly kind: 'name'; readonly name: string };

const name = /^[a-z0-9][\w./:-]*(@sha256:[0-9a-f]{64})?$/;

/**
 * `name:tag`, `name` (its tag is latest), `name@sha256:…`, the id of an image, or an archive that `docker save` wrote.
 *
 * @throws RunnerError
 */
export function parseImageReference(text: string): ImageReference {
  if (/\.tar(\.gz)?$/.test(text)) return { kind: 'archive', path: text };
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return { kind: 'name', name: text };
  if (!name.test(text)) {
    throw new RunnerError(`"${text}" is no image: write name:tag, name@sha256:…, or the path of an archive ….tar.`);
  }
  // Without a tag a daemon pulls every tag there is.
  const last = text.slice(text.lastIndexOf('/') + 1);
  return { kind: 'name', name: last.includes(':') || last.includes('@') ? text : `${text}:latest` };
}
