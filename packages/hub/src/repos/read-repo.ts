import { json } from '../http/exchange.ts';
import { type HubContext, type HubRoute, isOn } from '../http/route.ts';
import { readSnapshot } from '../refs/find-revision.ts';
import { readAll } from '../tree/tree-reader.ts';
import { readCardData } from './card-data.ts';
import { findOwnRepo, findRepo, nameOf } from './find-repo.ts';
import { repoAtWire } from './repo-wire.ts';

const cardBytesMax = 1024 * 1024;

/** What the model card says in its metadata; nothing where there is none that can be read. */
async function cardOf({ deps }: HubContext, tree: Awaited<ReturnType<typeof readSnapshot>>['tree']) {
  const readme = tree.byPath.get('README.md');
  if (!readme || readme.bytes > cardBytesMax) return {};
  const card = readCardData((await readAll(deps.artifacts, readme.sha256)).toString('utf8'));
  if (!card.ok || card.data === undefined) return {};
  const { pipeline_tag, library_name, tags } = card.data;
  return {
    cardData: card.data,
    ...(typeof pipeline_tag === 'string' ? { pipeline_tag } : {}),
    ...(typeof library_name === 'string' ? { library_name } : {}),
    ...(Array.isArray(tags) ? { tags: tags.map(String) } : {}),
  };
}

async function answer(context: HubContext) {
  const found = await findRepo(context, nameOf(context));
  const snapshot = await readSnapshot(context, found, context.params.revision ?? 'main');
  const blobs = isOn(context.request.url.searchParams.get('blobs'));
  return json({ ...repoAtWire(found, snapshot, { blobs }), ...(await cardOf(context, snapshot.tree)) });
}

const checkAccess: HubRoute = {
  method: 'GET',
  path: '/api/:types/:namespace/:name/auth-check',
  async handle(context) {
    await findRepo(context, nameOf(context));
    return json({});
  },
};

const checkWriteAccess: HubRoute = {
  method: 'GET',
  path: '/api/:types/:namespace/:name/auth-check/write',
  async handle(context) {
    await findOwnRepo(context, nameOf(context));
    return json({});
  },
};

export const readRepoRoutes: readonly HubRoute[] = [
  { method: 'GET', path: '/api/:types/:namespace/:name', handle: answer },
  { method: 'GET', path: '/api/:types/:namespace/:name/revision/:revision', handle: answer },
  checkAccess,
  checkWriteAccess,
];
