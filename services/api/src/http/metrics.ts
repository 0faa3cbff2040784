import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the service counts of itself, for Prometheus. */
export type Metrics = {
  readonly registry: Registry;
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>;
  readonly leasesWaiting: Gauge;
  readonly leasesGiven: Counter;
  readonly leaseLooks: Counter;
  readonly streamsOpen: Gauge;
  readonly uploadedBytes: Counter<'kind'>;
};

type QueueCounts = () => Promise<Readonly<Record<string, Readonly<Record<string, number>>>>>;

/** Asks the queues when it is itself asked; a queue that is out of reach leaves the figures out. */
function addQueueGauge(registry: Registry, counts: QueueCounts): void {
  new Gauge({
    name: 'agon_queue_jobs',
    help: 'Work in the queues, by state.',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      this.reset();
      const queues = await counts().catch(() => ({}));
      for (const [queue, states] of Object.entries(queues)) {
        for (const [state, count] of Object.entries(states)) this.set({ queue, state }, count);
      }
    },
  });
}

type ChatFigures = { readonly answers: number; readonly models: number };

function addChatGauges(registry: Registry, chat: ChatFigures): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('agon_chat_answers', 'Answers of language models that are made or wait.', () => chat.answers);
  gauge('agon_chat_models', 'Language models that are loaded.', () => chat.models);
}

/** Makes a registry of its own, so that two apps in one process do not meet. */
export function createMetrics(options: {
  process: boolean;
  queueCounts?: QueueCounts | undefined;
  chat: ChatFigures;
}): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  if (options.queueCounts) addQueueGauge(registry, options.queueCounts);
  addChatGauges(registry, options.chat);
  const registers = [registry];
  return {
    registry,
    requestSeconds: new Histogram({
      name: 'agon_http_request_seconds',
      help: 'Time from request to answer, by route template.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
      registers,
    }),
    leasesWaiting: new Gauge({ name: 'agon_leases_waiting', help: 'Miners that wait for work.', registers }),
    leasesGiven: new Counter({ name: 'agon_leases_given_total', help: 'Leases given to miners.', registers }),
    leaseLooks: new Counter({ name: 'agon_lease_looks_total', help: 'Looks for free seats.', registers }),
    streamsOpen: new Gauge({ name: 'agon_event_streams_open', help: 'Clients that watch a job.', registers }),
    uploadedBytes: new Counter({
      name: 'agon_received_bytes_total',
      help: 'Bytes of datasets and models received.',
      labelNames: ['kind'],
      registers,
    }),
  };
}
