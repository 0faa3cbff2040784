import { AppError, type CreateJob, MetricName } from '@agon/contracts';

/** What of a job the keys of `metadata` that begin with `agon_` say: OpenAI's own fields have no place for it. */
export type ServiceWishes = {
  minutes?: number;
  seats?: number;
  waitMinutes?: number;
  maxTokens?: number;
  goal?: number;
  metric?: MetricName;
  revision?: string;
  publish?: Partial<Pick<CreateJob['publish'], 'repo' | 'private' | 'merged' | 'onnx'>>;
};

type Reader = (value: string, key: string) => Partial<ServiceWishes>;

const prefix = 'agon_';

const numberOf = (value: string, key: string): number => {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) return number;
  throw new AppError('invalid_request', `metadata.${key}: is a number written as a string, such as "3"`, {
    param: `metadata.${key}`,
  });
};

const flagOf = (value: string, key: string): boolean => {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new AppError('invalid_request', `metadata.${key}: is "true" or "false"`, { param: `metadata.${key}` });
};

const readers: Readonly<Record<string, Reader>> = {
  agon_minutes: (value, key) => ({ minutes: numberOf(value, key) }),
  agon_seats: (value, key) => ({ seats: numberOf(value, key) }),
  agon_wait_minutes: (value, key) => ({ waitMinutes: numberOf(value, key) }),
  agon_max_tokens: (value, key) => ({ maxTokens: numberOf(value, key) }),
  agon_goal: (value, key) => ({ goal: numberOf(value, key) }),
  agon_metric: (value, key) => {
    const metric = MetricName.safeParse(value).data;
    if (metric) return { metric };
    throw new AppError('invalid_request', `metadata.${key}: is one of ${MetricName.options.join(', ')}`, {
      param: `metadata.${key}`,
    });
  },
  agon_repo: (repo) => ({ publish: { repo } }),
  agon_private: (value, key) => ({ publish: { private: flagOf(value, key) } }),
  agon_merged: (value, key) => ({ publish: { merged: flagOf(value, key) } }),
  agon_onnx: (value, key) => ({ publish: { onnx: flagOf(value, key) } }),
  agon_base_model_revision: (revision) => ({ revision }),
};

/**
 * Reads the service's own keys of a job's metadata.
 *
 * @throws AppError `invalid_request` for a value of the wrong form, and for a key that is none: it would do nothing.
 */
export function serviceWishes(metadata: CreateJob['metadata']): ServiceWishes {
  const ours = Object.entries(metadata).filter(([key]) => key.startsWith(prefix));
  const wishes = ours.map(([key, value]) => {
    const reader = readers[key];
    if (reader) return reader(value, key);
    const known = Object.keys(readers).join(', ');
    throw new AppError('invalid_request', `metadata.${key}: is no key of this service; there are ${known}`, {
      param: `metadata.${key}`,
    });
  });
  const publish: ServiceWishes['publish'] = Object.assign({}, ...wishes.map((wish) => wish.publish));
  return { ...Object.assign({}, ...wishes), publish };
}
