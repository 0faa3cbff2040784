import { AppError, type CreateFineTuningJob, CreateJob, type FineTuningMethod, type TaskName } from '@agon/contracts';
import { parseInput } from '../http/parse-input.ts';
import { serviceWishes } from './service-metadata.ts';

const tasks: Readonly<Record<FineTuningMethod['type'], TaskName | null>> = {
  supervised: 'chat',
  dpo: 'preference',
  reinforcement: null,
};

/** The method that a request means; before there was `method`, hyperparameters stood by themselves. */
export const methodOf = (body: CreateFineTuningJob): FineTuningMethod =>
  body.method ?? {
    type: 'supervised',
    supervised: { hyperparameters: body.hyperparameters ?? {} },
  };

/**
 * A job of ours for a request in OpenAI's words.
 *
 * @throws AppError `unsupported_parameter`, `invalid_request`.
 */
export function jobOfRequest(body: CreateFineTuningJob): CreateJob {
  const { type } = methodOf(body);
  const task = tasks[type];
  if (task === null) {
    const message = 'method: reinforcement needs graders, which are not run here; use supervised or dpo.';
    throw new AppError('unsupported_parameter', message, { param: 'method' });
  }
  if (body.integrations && body.integrations.length > 0) {
    throw new AppError('unsupported_parameter', 'integrations: none are served here.', { param: 'integrations' });
  }
  const metadata = body.metadata ?? {};
  const wishes = serviceWishes(metadata);
  const { minutes = 10, seats, waitMinutes, maxTokens, goal, metric, revision, publish } = wishes;
  return parseInput(CreateJob, {
    training_file: body.training_file,
    task,
    base_model: revision === undefined ? baseModelOf(body) : `${baseModelOf(body)}@${revision}`,
    budget: defined({ minutes, seats, wait_minutes: waitMinutes }),
    objective: defined({ goal, metric }),
    text: defined({ max_tokens: maxTokens }),
    ...defined({ seed: body.seed ?? undefined, suffix: body.suffix || undefined }),
    publish,
    metadata,
  });
}

/** @throws AppError `base_model_not_found` for names that no base model of ours can have, such as OpenAI's own. */
function baseModelOf({ model }: CreateFineTuningJob): string {
  if (CreateJob.shape.base_model.safeParse(model).success) return model;
  const message = `model: ${JSON.stringify(model.slice(0, 100))} is no base model here; it is called \`org/name\`, or \`auto\` (GET /v1/models lists them).`;
  throw new AppError('base_model_not_found', message, { param: 'model' });
}

const defined = <T extends Record<string, unknown>>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
