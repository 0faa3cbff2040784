import { expect, it } from 'vitest';
import { builtAt } from '../builders.ts';
import { aCommit, aRef, aRepo } from '../hub-builders.ts';
import type { GetContext } from './context.ts';

export function hubRepoContract(context: GetContext): void {
  it('have names of which only one is in use, whatever the case', async () => {
    const { stores, newId } = context();
    const repo = aRepo({ id: newId('repo'), namespace: 'carol', name: 'Rows' });
    expect(await stores.hub.repos.insert(repo)).toBe(true);
    expect(await stores.hub.repos.insert({ ...repo, id: newId('repo'), name: 'rows' })).toBe(false);
    expect(await stores.hub.repos.insert({ ...repo, id: newId('repo'), type: 'dataset' })).toBe(true);
    expect(await stores.hub.repos.findByName({ type: 'model', namespace: 'Carol', name: 'ROWS' })).toEqual(repo);
    expect(await stores.hub.repos.find(repo.id)).toEqual(repo);
  });

  it('are listed newest first: public ones, and those of the reader', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const repos = ['one', 'two', 'secret'].map((name) =>
      aRepo({ id: newId('repo'), namespace: 'dave', name, accountId, private: name === 'secret' }),
    );
    for (const repo of repos) await stores.hub.repos.insert(repo);
    const query = { type: 'model', namespace: 'dave', limit: 10 } as const;
    expect(await stores.hub.repos.list(query)).toEqual([repos[1], repos[0]]);
    expect(await stores.hub.repos.list({ ...query, readerId: accountId })).toEqual(repos.toReversed());
    expect(await stores.hub.repos.list({ ...query, after: repos[1]!.id })).toEqual([repos[0]]);
    expect(await stores.hub.repos.list({ type: 'model', limit: 10, search: 'AVE/O' })).toEqual([repos[0]]);
    expect(await stores.hub.repos.list({ type: 'model', limit: 10, search: 'dave.o' })).toEqual([]);
  });

  it('that are being deleted are found by nobody, and their names are free', async () => {
    const { stores, newId } = context();
    const repo = aRepo({ id: newId('repo'), namespace: 'erin' });
    await stores.hub.repos.insert(repo);
    expect(await stores.hub.repos.update(repo.id, { private: true })).toEqual({ ...repo, private: true });
    const deleted = { ...repo, private: true, deletedAt: new Date(5) };
    expect(await stores.hub.repos.markDeleted(repo.id, new Date(5))).toEqual(deleted);
    expect(await stores.hub.repos.markDeleted(repo.id, new Date(6))).toBeUndefined();
    expect(await stores.hub.repos.find(repo.id)).toBeUndefined();
    expect(await stores.hub.repos.findByName(repo)).toBeUndefined();
    expect(await stores.hub.repos.list({ type: 'model', namespace: 'erin', limit: 9 })).toEqual([]);
    expect(await stores.hub.repos.insert({ ...repo, id: newId('repo') })).toBe(true);
    expect(await stores.hub.repos.listDeleted(9)).toEqual([deleted]);
    await stores.hub.repos.remove(repo.id);
    expect(await stores.hub.repos.listDeleted(9)).toEqual([]);
  });

  it('have branches and tags; a branch moves only from where it is', async () => {
    const { stores, newId } = context();
    const repoId = newId('repo');
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
    const main = aRef({ repoId, commitId: one });
    const tag = aRef({ repoId, kind: 'tag', name: 'v1', commitId: one });
    expect(await stores.hub.refs.insert(main)).toBe(true);
    expect(await stores.hub.refs.insert({ ...main, commitId: two })).toBe(false);
    await stores.hub.refs.insert(tag);
    await stores.hub.refs.insert({ ...tag, name: 'main', commitId: two });
    expect(await stores.hub.refs.find({ repoId, name: 'main' })).toEqual(main);
    expect(await stores.hub.refs.find({ repoId, name: 'v1' })).toEqual(tag);
    expect(await stores.hub.refs.advance({ repoId, name: 'main', from: two, to: one })).toBe(false);
    expect(await stores.hub.refs.advance({ repoId, name: 'main', from: one, to: two })).toBe(true);
    expect(await stores.hub.refs.advance({ repoId, name: 'v1', from: one, to: two })).toBe(false);
    expect(await stores.hub.refs.delete(tag)).toBe(true);
    expect(await stores.hub.refs.delete(tag)).toBe(false);
    expect(await stores.hub.refs.list(repoId)).toHaveLength(2);
    await stores.hub.refs.deleteByRepo(repoId);
    expect(await stores.hub.refs.list(repoId)).toEqual([]);
  });

  it('know which commits may be half made', async () => {
    const { stores, newId } = context();
    const repoId = newId('repo');
    const half = aCommit({ id: 'd'.repeat(40), repoId, createdAt: new Date(5), settled: false });
    const child = aCommit({ id: 'e'.repeat(40), repoId, parentId: half.id, createdAt: new Date(9), settled: false });
    await stores.hub.commits.insert(half);
    expect(await stores.hub.commits.hasChild({ repoId, commitId: half.id })).toBe(false);
    await stores.hub.commits.insert(child);
    expect(await stores.hub.commits.hasChild({ repoId, commitId: half.id })).toBe(true);
    expect(await stores.hub.commits.listUnsettled({ before: new Date(9), limit: 9 })).toEqual([half]);
    await stores.hub.commits.settle(half.id);
    expect(await stores.hub.commits.listUnsettled({ before: new Date(10), limit: 9 })).toEqual([child]);
    await stores.hub.commits.delete(child.id);
    expect(await stores.hub.commits.listUnsettled({ before: new Date(10), limit: 9 })).toEqual([]);
  });

  it('keep commits, which only their own repo has', async () => {
    const { stores, newId } = context();
    const commit = aCommit({ id: 'c'.repeat(40), repoId: newId('repo'), createdAt: builtAt });
    await stores.hub.commits.insert(commit);
    expect(await stores.hub.commits.find({ repoId: commit.repoId, commitId: commit.id })).toEqual(commit);
    expect(await stores.hub.commits.find({ repoId: newId('repo'), commitId: commit.id })).toBeUndefined();
    await stores.hub.commits.deleteByRepo(commit.repoId);
    expect(await stores.hub.commits.find({ repoId: commit.repoId, commitId: commit.id })).toBeUndefined();
  });
}
