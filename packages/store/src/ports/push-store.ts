import type { PushStatus } from '@agon/contracts';

/** The delivery of a model to a repo on a hub. */
export type PushRecord = {
  /** Made of model, place and repo: asking again is the same push. */
  id: string;
  modelId: string;
  jobId: string;
  accountId: string;
  where: 'registry' | 'hub';
  repo: string;
  private: boolean;
  /** Sealed; gone when the push has ended. Null where the service's own is used. */
  token: string | null;
  status: PushStatus;
  attempts: number;
  /** Share of what the last attempt had to move, 0 to 1. */
  progress: number;
  message: string | null;
  url: string | null;
  commit: string | null;
  /** When it was asked for; a hub that stays away is given up some days later. */
  askedAt: Date;
  /** Null while there is no model yet, and when the push has ended. */
  nextAttemptAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

export type PushChange = Partial<Pick<PushRecord, 'message' | 'url' | 'commit' | 'nextAttemptAt'>>;

export type PushStore = {
  /** Answers false where the id is there already. */
  insert(push: PushRecord): Promise<boolean>;
  find(pushId: string): Promise<PushRecord | undefined>;
  /** The push by which a model has this repo in the service's own registry. */
  findInRegistry(repo: string): Promise<PushRecord | undefined>;
  /** Oldest first. */
  listByModels(modelIds: readonly string[]): Promise<PushRecord[]>;
  /** Pushes that are due, also those whose process fell silent; the longest due first. */
  listDue(query: { now: Date; silentSince: Date; limit: number }): Promise<PushRecord[]>;
  /** Pushes that wait for a model since before then, oldest first. */
  listWaiting(query: { before: Date; limit: number }): Promise<PushRecord[]>;
  /** Makes the pushes that waited for this model due. */
  release(input: { modelId: string; now: Date }): Promise<void>;
  /** pending → pushing, or a silent pushing taken over: one more attempt. Answers undefined where another works on it. */
  claim(input: { pushId: string; now: Date; silentSince: Date }): Promise<PushRecord | undefined>;
  /** Says that the attempt goes on, and how far it is; answers false where it was taken over, or the push is gone. */
  touch(input: { pushId: string; attempt: number; progress: number; now: Date }): Promise<boolean>;
  /** pushing → another status, while `attempt` still holds. An end forgets the token. */
  settle(input: {
    pushId: string;
    attempt: number;
    to: 'pending' | 'done' | 'failed';
    set: PushChange;
    now: Date;
  }): Promise<PushRecord | undefined>;
  /** Anything but pushing → pending and due, with another token and visibility. */
  restart(input: {
    pushId: string;
    set: Pick<PushRecord, 'private' | 'token'>;
    now: Date;
  }): Promise<PushRecord | undefined>;
  /** Ends what waits for a model that will not come, and forgets the tokens; answers how many. */
  endWaiting(input: { modelId: string; message: string; now: Date }): Promise<number>;
  deleteByModel(modelId: string): Promise<void>;
};
