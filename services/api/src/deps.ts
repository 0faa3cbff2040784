import type {
  DatasetProblem,
  DatasetReport,
  ErrorCode,
  MetricName,
  TableSchema,
  TaskName,
  TextColumns,
} from '@agon/contracts';
import type { ModelHosts } from '@agon/inference';
import type { Clock, Log, NewId, Sealer } from '@agon/kit';
import type { ClassPrediction, TableInputs } from '@agon/onnx';
import type { QueueProducer } from '@agon/queue/producer';
import type { ArtifactStore, Stores } from '@agon/store';
import type { ResolveBaseModel } from './base-models/resolve-type.ts';
import type { Metrics } from './http/metrics.ts';
import type { Tally } from './http/tally.ts';
import type { LeaseDesk } from './leases/lease-desk.ts';
import type { PushDesk } from './publish/push-desk.ts';
import type { Turnstile } from './turnstile.ts';

/** What inspecting a dataset asks for and finds. */
export type InspectionQuestion = {
  readonly source: { readonly filename: string; readonly bytes: number; readonly sha256: string };
  readonly task: TaskName | undefined;
  readonly target: string | undefined;
  readonly columns: TextColumns;
  readonly ignoreColumns: readonly string[];
  readonly metric: MetricName | undefined;
  readonly signal: AbortSignal;
};

export type InspectionAnswer =
  | {
      readonly ok: true;
      readonly task: TaskName;
      readonly taskInferred: string | null;
      readonly report: DatasetReport;
      readonly table: TableSchema | null;
      /** About how many bytes the training part will have. */
      readonly trainBytes: number;
    }
  | {
      readonly ok: false;
      readonly error: { readonly code: ErrorCode; readonly message: string };
      readonly problems: readonly DatasetProblem[];
    };

export type Settings = {
  /** Where clients reach the service, without a slash at the end; null where it is not known. */
  readonly publicUrl: string | null;
  /** The key that signs receipts, 32 raw bytes in base64url. */
  readonly signingPublicKey: string | null;
  /** Bytes of one file of a client. */
  readonly fileBytesMax: number;
  /** Whether webhooks may name private and loopback addresses. */
  readonly webhookPrivateAddresses: boolean;
  /** Requests a minute of one key, miner or upload. */
  readonly requestsPerMinuteMax: number;
  /** Requests a minute of one address that were refused as unauthenticated or wait for their answer. */
  readonly requestsPerMinuteOfAddressMax: number;
  /** Proxies in front of the service whose word on the client's address is taken. */
  readonly trustedProxies: number;
  /** Whether miners are sent to the artifact store for what they download, where it can sign addresses. */
  readonly directDownloads: boolean;
  readonly version: string;
};

/** What `buildApp` needs from outside. */
export type AppDeps = {
  readonly stores: Stores;
  readonly artifacts: ArtifactStore;
  readonly queue: QueueProducer;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  /** Seals what must be used later, such as secrets of webhooks; null where the operator gave no key for it. */
  readonly sealer: Sealer | null;
  readonly inspectDataset: (question: InspectionQuestion) => Promise<InspectionAnswer>;
  readonly resolveBaseModel: ResolveBaseModel;
  /**
   * Runs a published model; `columns` in the order of `table.columns`.
   *
   * @throws OnnxRejection, or AppError `rate_limited`
   */
  readonly predict: (input: {
    modelPath: string;
    table: TableSchema;
    task: TaskName;
    columns: TableInputs;
    rows: number;
  }) => Promise<ClassPrediction | Float64Array>;
  readonly pushDesk: PushDesk;
  /** Lets language models answer, and encoders classify. */
  readonly chat: Pick<ModelHosts, 'generate' | 'classify' | 'answers' | 'models'>;
  /** How much is in each queue, for the metrics. */
  readonly queueCounts?: () => Promise<Readonly<Record<string, Readonly<Record<string, number>>>>>;
  /** Aborted when the service shuts down: long polls and streams end. */
  readonly stopping: AbortSignal;
  readonly settings: Settings;
};

/** What the handlers of routes get: the outside, and what the app keeps in memory between requests. */
export type RouteDeps = AppDeps & {
  readonly leases: LeaseDesk;
  readonly inspections: Turnstile;
  /** Event streams that each account watches. */
  readonly streams: Tally;
  /** Uploads whose parts are being joined. */
  readonly joining: Tally;
  readonly metrics: Metrics;
};

/** Now, as the store keeps time. */
export const nowDate = (deps: Pick<AppDeps, 'clock'>): Date => new Date(deps.clock.nowMs());
/** A time so many milliseconds from now. */
export const dateIn = (deps: Pick<AppDeps, 'clock'>, ms: number): Date => new Date(deps.clock.nowMs() + ms);
