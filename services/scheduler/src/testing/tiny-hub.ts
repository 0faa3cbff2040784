import { createHash } from 'node:crypto';
import type { PushTarget } from '../push/registry.ts';

type TinyFile = { readonly content: Buffer; readonly lfs: boolean };
type TinyRepo = { readonly private: boolean; files: Map<string, TinyFile>; commits: string[] };
type Call = { readonly method: string; readonly path: string; readonly token: string };

const lfsBytesMin = 4_000;
const hash = (name: string, ...parts: (string | Buffer)[]): string =>
  parts.reduce((sum, part) => sum.update(part), createHash(name)).digest('hex');
/** A body in the form that the caller expects: the client under test writes it. */
const bodyOf = async <T>(request: Request): Promise<T> => (await request.json()) as T;
const json = (body: unknown, status = 200): Response => Response.json(body, { status });

/** As much of the hub's protocol as a push needs, in memory. `before` and `after` may fail a call. */
export class TinyHub {
  readonly url = 'http://hub.test';
  readonly repos = new Map<string, TinyRepo>();
  readonly blobs = new Map<string, Buffer>();
  readonly calls: Call[] = [];
  before: (call: Call) => Response | undefined = () => undefined;
  after: (call: Call) => void = () => undefined;

  target = (accessToken = 'hf_in_process'): PushTarget => ({
    hubUrl: this.url,
    accessToken,
    fetch: this.fetch,
    urlOf: (repo) => `${this.url}/${repo}`,
  });

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const request = new Request(input, { ...init, ...(init.body ? { duplex: 'half' } : {}) } as RequestInit);
    const path = decodeURIComponent(new URL(request.url).pathname);
    const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? '';
    const call = { method: request.method, path, token };
    this.calls.push(call);
    const refusal = this.before(call);
    if (refusal) return refusal;
    const answer = await this.#answer(call, request);
    this.after(call);
    return answer;
  };

  text(repo: string, path: string): string {
    return this.repos.get(repo)?.files.get(path)?.content.toString() ?? '';
  }

  paths = (repo: string): string[] => [...(this.repos.get(repo)?.files.keys() ?? [])].toSorted();

  counted = (pattern: RegExp): number =>
    this.calls.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length;

  async #answer(call: Call, request: Request): Promise<Response> {
    if (call.path === '/api/repos/create') return this.#create(await bodyOf(request));
    const lfs = /^\/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/.exec(call.path);
    if (lfs) return this.#batch(await bodyOf(request));
    if (call.path.startsWith('/lfs/')) return this.#store(call.path.slice(5), Buffer.from(await request.arrayBuffer()));
    const [, name = '', what = ''] = /^\/api\/models\/([^/]+\/[^/]+)(?:\/(\w+).*)?$/.exec(call.path) ?? [];
    const repo = this.repos.get(name);
    if (!repo) return json({ error: 'Repository not found' }, 404);
    if (what === 'preupload') return this.#preupload(await bodyOf(request));
    if (what === 'tree') return json(treeOf(repo));
    if (what === 'commit') return this.#commit(repo, await request.text());
    return json({ id: name, sha: repo.commits.at(-1), private: repo.private, tags: [], downloads: 0, likes: 0 });
  }

  #create(body: { organization: string; name: string; visibility: string }): Response {
    const name = `${body.organization}/${body.name}`;
    if (this.repos.has(name)) return json({ error: 'You already created this model repo' }, 409);
    this.repos.set(name, { private: body.visibility === 'private', files: new Map(), commits: ['0'.repeat(40)] });
    return json({ url: `${this.url}/${name}`, id: name });
  }

  #preupload({ files }: { files: { path: string; size: number }[] }): Response {
    const mode = (size: number): string => (size >= lfsBytesMin ? 'lfs' : 'regular');
    return json({ files: files.map(({ path, size }) => ({ path, uploadMode: mode(size) })) });
  }

  #batch({ objects }: { objects: { oid: string; size: number }[] }): Response {
    const wanted = objects.map(({ oid, size }) => {
      const upload = { href: `${this.url}/lfs/${oid}`, header: {} };
      return { oid, size, ...(this.blobs.has(oid) ? {} : { actions: { upload } }) };
    });
    return json({ transfer: 'basic', objects: wanted });
  }

  #store(oid: string, content: Buffer): Response {
    if (hash('sha256', content) !== oid) return json({ error: 'wrong hash' }, 422);
    this.blobs.set(oid, content);
    return new Response('');
  }

  #commit(repo: TinyRepo, body: string): Response {
    const files = new Map(repo.files);
    for (const line of body.split('\n').map((text) => JSON.parse(text))) {
      const { path, content, oid } = line.value;
      if (line.key === 'file') files.set(path, { content: Buffer.from(content, 'base64'), lfs: false });
      if (line.key === 'lfsFile') files.set(path, { content: this.blobs.get(oid) ?? Buffer.alloc(0), lfs: true });
      if (line.key === 'deletedFile') files.delete(path);
    }
    const commitOid = hash('sha1', body, String(repo.commits.length));
    Object.assign(repo, { files });
    repo.commits.push(commitOid);
    return json({ commitOid, commitUrl: `${this.url}/commit/${commitOid}`, hookOutput: '' });
  }
}

function treeOf({ files }: TinyRepo) {
  return [...files].map(([path, { content, lfs }]) => ({
    type: 'file',
    path,
    size: content.length,
    oid: hash('sha1', `blob ${content.length}\0`, content),
    ...(lfs ? { lfs: { oid: hash('sha256', content), size: content.length, pointerSize: 100 } } : {}),
  }));
}
