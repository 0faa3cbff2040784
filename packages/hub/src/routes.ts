import { commitRoute } from './commits/commit-route.ts';
import { listCommitsRoute } from './commits/list-commits.ts';
import { preuploadRoute, xetRoute } from './commits/preupload.ts';
import { rawRoute, resolveRoute } from './files/resolve.ts';
import type { HubRoute } from './http/route.ts';
import { lfsBatchRoute, lfsVerifyRoute } from './lfs/batch.ts';
import { completeRoute, putPartRoute, putWholeRoute } from './lfs/upload-routes.ts';
import { whoamiRoute } from './namespaces/whoami.ts';
import { refRoutes } from './refs/ref-routes.ts';
import { changeRepoRoutes } from './repos/change-repo.ts';
import { createRepoRoute } from './repos/create-repo.ts';
import { listReposRoute } from './repos/list-repos.ts';
import { readRepoRoutes } from './repos/read-repo.ts';
import { validateYamlRoute } from './repos/validate-yaml.ts';
import { pathsInfoRoute, treeRoute } from './tree/tree-routes.ts';

/** Every call of the registry. docs/hub.md lists them for readers. */
export const hubRoutes: readonly HubRoute[] = [
  whoamiRoute,
  validateYamlRoute,
  createRepoRoute,
  ...changeRepoRoutes,
  listReposRoute,
  ...readRepoRoutes,
  ...refRoutes,
  treeRoute,
  pathsInfoRoute,
  listCommitsRoute,
  preuploadRoute,
  xetRoute,
  commitRoute,
  putWholeRoute,
  putPartRoute,
  completeRoute,
  lfsBatchRoute,
  lfsVerifyRoute,
  resolveRoute,
  rawRoute,
];
