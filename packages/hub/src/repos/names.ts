import { AppError, type HubRepoType, limits } from '@agon/contracts';

const namePattern = /^(?![.-])[A-Za-z0-9._-]+(?<![.-])$/;
const mixedUp = /--|\.\.|\.(git|ipynb)$/i;
const shownCharactersMax = 100;

/** The hub's own rules for the name of a repo. @throws AppError `repo_name_invalid`. */
export function checkRepoName(name: string): void {
  if (name.length <= limits.repoNameCharactersMax && namePattern.test(name) && !mixedUp.test(name)) return;
  const shown = JSON.stringify(name.slice(0, shownCharactersMax));
  throw new AppError('repo_name_invalid', `${shown} cannot be the name of a repo.`);
}

const refPattern = /^(?![./-])[A-Za-z0-9._/-]+(?<![./])$/;
const refMixedUp = /\.\.|\/\/|\/\.|\.lock(\/|$)|^refs\/|^[0-9a-f]{40}$|^HEAD$/;

/** @throws AppError `revision_invalid`. */
export function checkRefName(name: string): void {
  if (name.length <= limits.refNameCharactersMax && refPattern.test(name) && !refMixedUp.test(name)) return;
  const shown = JSON.stringify(name.slice(0, shownCharactersMax));
  throw new AppError('revision_invalid', `${shown} cannot be the name of a branch or tag.`);
}

/** The address of a repo below that of the registry. */
export const repoPath = (type: HubRepoType, fullName: string): string =>
  type === 'dataset' ? `datasets/${fullName}` : fullName;
