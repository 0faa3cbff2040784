import { AppError, type BaseModelFacts, type Capabilities, limits, type TaskName } from '@agon/contracts';
import type { Clock, Log } from '@agon/kit';
import type { ArtifactStore, BaseModelRecord, BaseModelStore } from '@agon/store';
import { catalogue } from './auto/catalogue.ts';
import { chooseBaseModel } from './auto/choose-base-model.ts';
import { readFacts } from './facts/read-facts.ts';
import { selectFiles } from './files/select-files.ts';
import { type FetchOptions, fetchModel } from './hub/fetch-model.ts';
import { type Hub, hubFiles } from './hub/hub.ts';
import { idOf } from './revision.ts';

export type BaseModelDeps = {
  readonly stores: { readonly baseModels: BaseModelStore };
  readonly artifacts: ArtifactStore;
  /** Null where no hub is configured: then only what was imported is there. */
  readonly hub: Hub | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the service shuts down; its reason ends downloads, which go on after the next start. */
  readonly stopping?: AbortSignal;
};

export type BaseModelQuestion = {
  /** `org/name`, `org/name@revision`, or `auto`. */
  readonly name: string;
  /** What `auto` must suit. */
  readonly task: TaskName;
  readonly budgetMinutes: number;
  /** The miners that are online, for `auto`. */
  readonly miners: readonly Pick<Capabilities, 'memory_mib' | 'vram_mib' | 'cpus' | 'tasks'>[];
  readonly signal: AbortSignal;
};

/** What a job keeps of its base model; its files may not be here yet. */
export type NamedBaseModel = Pick<BaseModelRecord, 'id' | 'name' | 'revision'> & { readonly facts: BaseModelFacts };

export type ResolvedBaseModel = {
  readonly model: NamedBaseModel;
  /** The reason of `auto`; null where the client named the model. */
  readonly why: string | null;
};

export type BaseModels = {
  /**
   * Finds what a job starts from: in the store, else on the hub, of which only small pieces are read here. The weights
   * are fetched by `ensure`, while the job prepares. Whether it suits the task is the caller's to check.
   *
   * @throws AppError `base_model_not_found`, `base_model_unavailable`, `base_model_too_large`; `base_model_unsuitable`
   * for one on the hub that cannot be used at all
   */
  resolve(question: BaseModelQuestion): Promise<ResolvedBaseModel>;
  /**
   * Has the files of a resolved model in the store. Safe to call again after any end: it goes on where the last call
   * ended; of calls at once in one process the later ones wait for the first.
   *
   * @throws AppError as `resolve`, `disk_full`
   */
  ensure(model: Pick<BaseModelRecord, 'id' | 'name' | 'revision'>, options: FetchOptions): Promise<BaseModelRecord>;
};

const lookMsMax = 60_000;
const pagesMax = 50;

export function createBaseModels(deps: BaseModelDeps): BaseModels {
  const fetching = new Map<string, Promise<BaseModelRecord>>();
  return {
    async resolve(question) {
      const signal = AbortSignal.any([question.signal, AbortSignal.timeout(lookMsMax)]);
      const auto = question.name === 'auto' ? await chooseAuto(deps, question) : null;
      const model = await find(deps, auto?.candidate.name ?? question.name, signal);
      return { model, why: auto?.why ?? null };
    },

    async ensure(model, given) {
      const options = { ...given, signal: AbortSignal.any([given.signal, ...(deps.stopping ? [deps.stopping] : [])]) };
      for (let other = fetching.get(model.id); other; other = fetching.get(model.id)) {
        await Promise.race([other.catch(() => undefined), aborted(options.signal)]);
        options.signal.throwIfAborted();
      }
      const running = fetchOnce(deps, model, options).finally(() => fetching.delete(model.id));
      fetching.set(model.id, running);
      return running;
    },
  };
}

/** Settles when the signal aborts. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function fetchOnce(
  deps: BaseModelDeps,
  model: Pick<BaseModelRecord, 'id' | 'name' | 'revision'>,
  options: FetchOptions,
): Promise<BaseModelRecord> {
  return (await deps.stores.baseModels.find(model.id)) ?? fetchNamed(deps, model, options);
}

async function find(deps: BaseModelDeps, name: string, signal: AbortSignal): Promise<NamedBaseModel> {
  const [repository = '', revision] = name.split('@');
  const { baseModels } = deps.stores;
  const stored = revision === undefined ? await baseModels.findByName(repository) : await baseModels.find(name);
  if (stored) return stored;
  if (!deps.hub) {
    const message = `There is no base model ${name} here, and the service is set to ask no hub for it.`;
    throw new AppError('base_model_not_found', message, { param: 'base_model' });
  }
  return withParam(() => findOnHub(deps, { name: repository, revision }, signal));
}

async function findOnHub(
  deps: BaseModelDeps,
  wanted: { name: string; revision: string | undefined },
  signal: AbortSignal,
): Promise<NamedBaseModel> {
  const hub = hubOf(deps, wanted.name);
  const model = await hub.find(wanted, signal);
  const id = idOf(model.name, model.revision);
  const stored = await deps.stores.baseModels.find(id);
  if (stored) return stored;
  const files = hubFiles(hub, model, signal);
  const facts = await readFacts(files, await selectFiles(files));
  return { id, name: model.name, revision: model.revision, facts };
}

async function fetchNamed(
  deps: BaseModelDeps,
  wanted: Pick<BaseModelRecord, 'id' | 'name' | 'revision'>,
  options: FetchOptions,
): Promise<BaseModelRecord> {
  return withParam(async () => {
    const hub = hubOf(deps, wanted.id);
    const model = await hub.find(wanted, options.signal);
    return fetchModel(deps, { hub, model }, options);
  });
}

function hubOf({ hub }: BaseModelDeps, what: string): Hub {
  if (hub) return hub;
  throw new AppError('base_model_not_found', `The base model ${what} is not here any more, and no hub is set.`);
}

/** A model on a hub that we cannot read is one to choose another for: nothing was sent that could be mended. */
async function withParam<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const code = error.code === 'base_model_invalid' ? 'base_model_unsuitable' : error.code;
    throw new AppError(code, error.message, { ...error.facts, param: 'base_model' }, error);
  }
}

/** @throws AppError `base_model_not_found` where there is nothing to choose from. */
async function chooseAuto(deps: BaseModelDeps, question: BaseModelQuestion) {
  const stored = await listAll(deps.stores.baseModels);
  const names = new Set(stored.map((model) => model.name));
  const here = stored.map(({ id, facts }) => ({ name: id, facts, here: true }));
  const others = deps.hub ? catalogue.filter((entry) => !names.has(entry.name)) : [];
  const choice = chooseBaseModel(
    [...here, ...others.map(({ name, facts }) => ({ name, facts, here: false }))],
    question,
  );
  if (choice) return choice;
  const message = `There is no base model here that suits ${question.task}, and no hub to ask.`;
  throw new AppError('base_model_not_found', message, { param: 'base_model' });
}

async function listAll(store: BaseModelStore): Promise<BaseModelRecord[]> {
  const models: BaseModelRecord[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const found = await store.list({ after: models.at(-1)?.id, limit: limits.pageItemsMax });
    models.push(...found);
    if (found.length < limits.pageItemsMax) break;
  }
  return models;
}
