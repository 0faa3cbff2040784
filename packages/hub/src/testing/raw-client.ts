import { createHash } from 'node:crypto';
import { hubUrl, jsonOf } from './test-hub.ts';

export const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** A line of a commit. */
export const line = (key: string, value: unknown): string => `${JSON.stringify({ key, value })}\n`;
export const header = (more: Record<string, unknown> = {}): string => line('header', { summary: 'A change', ...more });
export const fileLine = (path: string, content: string | Buffer): string =>
  line('file', { content: Buffer.from(content).toString('base64'), path, encoding: 'base64' });
export const lfsLine = (path: string, content: Buffer): string =>
  line('lfsFile', { path, algo: 'sha256', oid: sha256Of(content), size: content.length });

type Fetch = typeof fetch;
type Body = NonNullable<RequestInit['body']>;

/** Calls as they go over the wire, for what no client would send. */
export function rawClient(call: Fetch, repo: string) {
  const post = (path: string, body: Body, type = 'application/json') =>
    call(`${hubUrl}${path}`, { method: 'POST', body, headers: { 'content-type': type } });
  return {
    create: (more: Record<string, unknown> = {}) => {
      const [organization, name] = repo.split('/');
      return post('/api/repos/create', JSON.stringify({ organization, name, ...more }));
    },
    commit: (body: Body, branch = 'main') =>
      call(`${hubUrl}/api/models/${repo}/commit/${branch}`, { method: 'POST', body, duplex: 'half' } as RequestInit),
    batch: async (content: Buffer, transfers = ['basic']) => {
      const objects = [{ oid: sha256Of(content), size: content.length }];
      return jsonOf(
        await post(`/${repo}.git/info/lfs/objects/batch`, JSON.stringify({ operation: 'upload', transfers, objects })),
      );
    },
    post,
    get: (path: string, headers: Record<string, string> = {}) => call(`${hubUrl}${path}`, { headers }),
    head: async (): Promise<string> => (await jsonOf(await call(`${hubUrl}/api/models/${repo}`))).sha,
    files: async (revision = 'main'): Promise<string[]> => {
      const tree = await jsonOf(await call(`${hubUrl}/api/models/${repo}/tree/${revision}?recursive=1`));
      return tree.filter(({ type }: { type: string }) => type === 'file').map(({ path }: { path: string }) => path);
    },
  };
}
