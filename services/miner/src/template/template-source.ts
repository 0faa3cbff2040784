import { isAbsolute } from 'node:path';

/** Where a template comes from: one of the miner's own by its name, a folder of this machine, or a commit of a repository. */
export type TemplateSource =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'git'; readonly url: string; readonly commit: string; readonly path: string };

const gitUrl = /^(?:git\+)?((?:https|ssh|file):\/\/[^\s@#]*(?:@[^\s@#/]+)?[^\s@#]*)@([^@#/]*)(?:#(.*))?$/;

/**
 * Reads what `--template` names: `tabular-gbdt`, `./my-trainer`, or `https://host/repository.git@COMMIT#folder/in/it`.
 *
 * @throws TypeError that says what is wrong.
 */
export function parseTemplateSource(text: string): TemplateSource {
  if (/^[a-z0-9][a-z0-9-]*$/.test(text)) return { kind: 'name', name: text };
  if (/^(git\+)?[a-z+]+:/i.test(text)) return parseGit(text);
  if (isAbsolute(text) || text.startsWith('.') || text.includes('/')) return { kind: 'folder', folder: text };
  throw new TypeError(`"${text}" is neither a name of a template, a folder (./…) nor a git address.`);
}

function parseGit(text: string): TemplateSource {
  const [, url, commit = '', path = ''] = gitUrl.exec(text) ?? [];
  if (url === undefined) {
    throw new TypeError(
      `"${text}" is no git address; write https://host/repository.git@COMMIT, also with ssh or file.`,
    );
  }
  if (!/^[0-9a-f]{40}$/.test(commit)) {
    throw new TypeError(
      `"${text}" must end with @ and the 40 hex digits of a commit: a branch or a tag may be another program tomorrow.`,
    );
  }
  return { kind: 'git', url, commit, path };
}
