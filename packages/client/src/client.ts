import type {
  ApiKey,
  BaseModel,
  ChatCompletion,
  CreateBaseModel,
  CreateJob,
  CreateKey,
  CreateWebhook,
  Deleted,
  Job,
  JobEstimate,
  JobEvent,
  Leaderboard,
  Miner,
  Model,
  Page,
  Predict,
  Predictions,
  Push,
  PushModel,
  Receipt,
  Run,
  StoredFile,
  Webhook,
  WebhookDelivery,
} from '@agon/contracts';
import type { z } from 'zod';
import { type ChatInput, streamChat } from './stream-chat.ts';
import { type JobStreamItem, streamJob } from './stream-job.ts';
import { createTransport, type Fetch, queryOf, type Transport, urlPath } from './transport.ts';

export type CreateJobInput = z.input<typeof CreateJob>;
export type PageOptions = { after?: string; limit?: number };
export type ClientOptions = { baseUrl: string; apiKey?: string | undefined; fetch?: Fetch };
export type Client = ReturnType<typeof createClient>;

/** A typed client of the service's API, for browsers and Node. One group of methods for each noun. */
export function createClient(options: ClientOptions) {
  const authorize = (): Record<string, string> =>
    options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
  const transport = createTransport({ ...options, authorize });
  return {
    baseUrl: transport.baseUrl,
    files: filesOf(transport),
    jobs: jobsOf(transport),
    models: modelsOf(transport),
    baseModels: baseModelsOf(transport),
    webhooks: webhooksOf(transport),
    chat: {
      create: (request: ChatInput, { signal }: { signal?: AbortSignal } = {}) =>
        transport.json<ChatCompletion>({ method: 'POST', path: '/v1/chat/completions', json: request, signal }),
      /** The answer as it comes; aborting the signal ends the model's work. */
      stream: (request: ChatInput, settings: { signal?: AbortSignal } = {}) => streamChat(transport, request, settings),
    },
    miners: {
      list: (page: PageOptions = {}) =>
        transport.json<Page<Miner>>({ method: 'GET', path: `/v1/miners${queryOf(page)}` }),
      retrieve: (id: string) => transport.json<Miner>({ method: 'GET', path: urlPath`/v1/miners/${id}` }),
    },
    keys: {
      create: (key: z.input<typeof CreateKey>) =>
        transport.json<ApiKey>({ method: 'POST', path: '/v1/keys', json: key }),
      list: (page: PageOptions = {}) =>
        transport.json<Page<ApiKey>>({ method: 'GET', path: `/v1/keys${queryOf(page)}` }),
      revoke: (id: string) => transport.json<ApiKey>({ method: 'DELETE', path: urlPath`/v1/keys/${id}` }),
    },
    /** The public keys that receipts of this service are signed with. */
    signingKeys: () => transport.json<{ data: { public_key: string }[] }>({ method: 'GET', path: '/v1/signing-keys' }),
  };
}

function filesOf(transport: Transport) {
  return {
    /** Uploads a file as a stream, so that memory does not grow with its size. */
    create: (file: Blob, filename: string, purpose = 'fine-tune') => {
      return transport.json<StoredFile>({ method: 'POST', path: '/v1/files', body: formOf(file, filename, purpose) });
    },
    /** As `create`; `onBytes` hears how many bytes of the request went out so far. */
    upload: (
      file: Blob,
      settings: { filename: string; purpose: string; onBytes: (bytes: number) => void; signal?: AbortSignal },
    ) => {
      const encoded = new Response(formOf(file, settings.filename, settings.purpose));
      return transport.json<StoredFile>({
        method: 'POST',
        path: '/v1/files',
        headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
        body: encoded.body?.pipeThrough(countingStream(settings.onBytes)) ?? '',
        signal: settings.signal,
      });
    },
    list: (page: PageOptions & { purpose?: string } = {}) =>
      transport.json<Page<StoredFile>>({ method: 'GET', path: `/v1/files${queryOf(page)}` }),
    retrieve: (id: string) => transport.json<StoredFile>({ method: 'GET', path: urlPath`/v1/files/${id}` }),
    delete: (id: string) => transport.json<Deleted>({ method: 'DELETE', path: urlPath`/v1/files/${id}` }),
    content: (id: string) => transport.send({ method: 'GET', path: urlPath`/v1/files/${id}/content` }),
  };
}

function formOf(file: Blob, filename: string, purpose: string): FormData {
  const form = new FormData();
  form.set('purpose', purpose);
  form.set('file', file, filename);
  return form;
}

function countingStream(onBytes: (bytes: number) => void): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      bytes += chunk.length;
      controller.enqueue(chunk);
      onBytes(bytes);
    },
  });
}

function jobsOf(transport: Transport) {
  const act = (id: string, action: string) =>
    transport.json<Job>({ method: 'POST', path: `${urlPath`/v1/jobs/${id}`}/${action}` });
  return {
    create: (job: CreateJobInput, settings: { idempotencyKey?: string } = {}) =>
      transport.json<Job>({
        method: 'POST',
        path: '/v1/jobs',
        json: job,
        headers: settings.idempotencyKey === undefined ? {} : { 'idempotency-key': settings.idempotencyKey },
      }),
    validate: (job: CreateJobInput) =>
      transport.json<JobEstimate>({ method: 'POST', path: '/v1/jobs/validate', json: job }),
    list: (page: PageOptions = {}) => transport.json<Page<Job>>({ method: 'GET', path: `/v1/jobs${queryOf(page)}` }),
    retrieve: (id: string) => transport.json<Job>({ method: 'GET', path: urlPath`/v1/jobs/${id}` }),
    cancel: (id: string) => act(id, 'cancel'),
    pause: (id: string) => act(id, 'pause'),
    resume: (id: string) => act(id, 'resume'),
    delete: (id: string) => transport.json<Deleted>({ method: 'DELETE', path: urlPath`/v1/jobs/${id}` }),
    runs: (id: string) => transport.json<Page<Run>>({ method: 'GET', path: urlPath`/v1/jobs/${id}/runs` }),
    leaderboard: (id: string) =>
      transport.json<Leaderboard>({ method: 'GET', path: urlPath`/v1/jobs/${id}/leaderboard` }),
    receipt: (id: string) => transport.json<Receipt>({ method: 'GET', path: urlPath`/v1/jobs/${id}/receipt` }),
    events: (id: string, page: PageOptions = {}) =>
      transport.json<Page<JobEvent>>({ method: 'GET', path: urlPath`/v1/jobs/${id}/events` + queryOf(page) }),
    /** Follows the job's events and progress until it ends; connects again by itself. */
    stream: (
      id: string,
      settings: { afterSequence?: number; signal?: AbortSignal } = {},
    ): AsyncGenerator<JobStreamItem> => streamJob(transport, id, settings),
  };
}

function baseModelsOf(transport: Transport) {
  /** `org/name@revision`, or `org/name` for the newest; the slash separates path segments. */
  const pathOf = (id: string): string => `/v1/base_models/${id.split('/').map(encodeURIComponent).join('/')}`;
  return {
    list: (page: PageOptions = {}) =>
      transport.json<Page<BaseModel>>({ method: 'GET', path: `/v1/base_models${queryOf(page)}` }),
    retrieve: (id: string) => transport.json<BaseModel>({ method: 'GET', path: pathOf(id) }),
    /** Makes a base model of files that were uploaded with the purpose `base-model`. */
    create: (model: CreateBaseModel) =>
      transport.json<BaseModel>({ method: 'POST', path: '/v1/base_models', json: model }),
    delete: (id: string) => transport.json<Deleted>({ method: 'DELETE', path: pathOf(id) }),
  };
}

function modelsOf(transport: Transport) {
  return {
    /** Winners of the account, newest first. */
    list: (page: PageOptions = {}) =>
      transport.json<Page<Model>>({ method: 'GET', path: `/v1/models${queryOf({ ...page, kind: 'winner' })}` }),
    retrieve: (id: string) => transport.json<Model>({ method: 'GET', path: urlPath`/v1/models/${id}` }),
    delete: (id: string) => transport.json<Deleted>({ method: 'DELETE', path: urlPath`/v1/models/${id}` }),
    /** The bytes of one file of a model; `from` skips what is there already. */
    file: (id: string, path: string, settings: { from?: number } = {}) =>
      transport.send({
        method: 'GET',
        path: `${urlPath`/v1/models/${id}/files`}/${path.split('/').map(encodeURIComponent).join('/')}`,
        headers: settings.from ? { range: `bytes=${settings.from}-` } : {},
      }),
    /** Has a model pushed to a repo on the hub of the service, or pushed again. */
    publish: (id: string, body: z.input<typeof PushModel>) =>
      transport.json<Push>({ method: 'POST', path: urlPath`/v1/models/${id}/publish`, json: body }),
    predict: (id: string, body: Predict) =>
      transport.json<Predictions>({ method: 'POST', path: urlPath`/v1/models/${id}/predict`, json: body }),
  };
}

function webhooksOf(transport: Transport) {
  const pathOf = (id: string): string => urlPath`/v1/webhooks/${id}`;
  return {
    /** The answer has the secret, this once. */
    create: (webhook: CreateWebhook) =>
      transport.json<Webhook>({ method: 'POST', path: '/v1/webhooks', json: webhook }),
    list: (page: PageOptions = {}) =>
      transport.json<Page<Webhook>>({ method: 'GET', path: `/v1/webhooks${queryOf(page)}` }),
    retrieve: (id: string) => transport.json<Webhook>({ method: 'GET', path: pathOf(id) }),
    delete: (id: string) => transport.json<Deleted>({ method: 'DELETE', path: pathOf(id) }),
    deliveries: (id: string, page: PageOptions = {}) =>
      transport.json<Page<WebhookDelivery>>({ method: 'GET', path: `${pathOf(id)}/deliveries${queryOf(page)}` }),
    /** Posts an event again, now. */
    replay: (id: string, deliveryId: string) =>
      transport.json<WebhookDelivery>({
        method: 'POST',
        path: `${pathOf(id)}${urlPath`/deliveries/${deliveryId}/replay`}`,
      }),
  };
}
