import { CommandError } from '../errors.ts';
import { cloneValue, type Doc, isDocument, setField } from '../values/document.ts';
import { runPipeline } from './language.ts';

type Project = (document: Doc) => Doc;
/** Field names as a tree; `true` is a leaf. */
interface Tree {
  [name: string]: Tree | true;
}

function toTree(paths: string[]): Tree {
  const root: Tree = {};
  for (const path of paths) {
    const parts = path.split('.');
    const last = parts.pop() as string;
    let place = root;
    for (const part of parts) {
      const next = place[part];
      if (next === true) throw new CommandError('BadValue', `path collision at ${path}`);
      const branch = next ?? {};
      place[part] = branch;
      place = branch;
    }
    place[last] = true;
  }
  return root;
}

const hasFields = (value: unknown): boolean => isDocument(value) || Array.isArray(value);

function include(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.filter(hasFields).map((element) => include(element, tree));
  if (!isDocument(value)) return undefined;
  const kept: Doc = {};
  for (const key of Object.keys(value)) {
    const branch = Object.hasOwn(tree, key) ? tree[key] : undefined;
    const inner = branch === true ? value[key] : branch && include(value[key], branch);
    if (inner !== undefined) setField(kept, key, inner);
  }
  return kept;
}

function exclude(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((element) => exclude(element, tree));
  if (!isDocument(value)) return value;
  const kept: Doc = {};
  for (const key of Object.keys(value)) {
    const branch = Object.hasOwn(tree, key) ? tree[key] : undefined;
    if (branch !== true) setField(kept, key, branch ? exclude(value[key], branch) : value[key]);
  }
  return kept;
}

const isFlag = (value: unknown): boolean => value === 0 || value === 1 || value === true || value === false;

/** `list.$` and `$slice` mean other things in a projection than mingo makes of them. */
function refuse(entries: Array<[string, unknown]>): void {
  for (const [path, value] of entries) {
    const name = path.includes('$') ? path : isDocument(value) && '$slice' in value ? `${path}: $slice` : undefined;
    if (name) throw new CommandError('BadValue', `the embedded server does not have the projection ${name}`);
  }
}

/** A projection as a function. Plain lists of fields are done here, without a copy; expressions go to mingo. */
export function compileProjection(projection: Doc | undefined): Project {
  const entries = Object.entries(projection ?? {});
  if (projection === undefined || entries.length === 0) return (document) => document;
  refuse(entries);
  if (!entries.every(([, value]) => isFlag(value))) {
    return (document) => runPipeline([cloneValue(document)], [{ $project: projection }])[0] ?? {};
  }
  const fields = entries.filter(([path]) => path !== '_id');
  const including = fields.length === 0 ? Boolean(projection._id) : Boolean(fields[0]?.[1]);
  if (fields.some(([, value]) => Boolean(value) !== including)) {
    throw new CommandError('BadValue', 'a projection cannot mix inclusion and exclusion, except of _id');
  }
  const named = fields.map(([path]) => path);
  const hasId = projection._id === undefined || Boolean(projection._id);
  const tree = toTree(including === hasId ? [...named, '_id'] : named);
  return (document) => (including ? include(document, tree) : exclude(document, tree)) as Doc;
}
