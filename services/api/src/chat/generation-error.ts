import { AppError } from '@agon/contracts';
import { GenerationRefusal } from '@agon/inference';
import { OnnxRejection } from '@agon/onnx';

const codes = {
  context_length_exceeded: 'context_length_exceeded',
  conversation_refused: 'conversation_refused',
  no_chat_template: 'model_not_chat',
  wrong_kind: 'model_not_chat',
} as const;

/** A failure to answer as what a client is told of it. */
export function generationError(error: unknown): unknown {
  if (error instanceof GenerationRefusal) return new AppError(codes[error.code], error.message, { param: 'messages' });
  if (error instanceof OnnxRejection) {
    const message = `The model's process failed: ${error.message}`;
    return new AppError('model_unavailable', message, { retryAfterSeconds: 5 }, error);
  }
  if (error instanceof AppError) return error;
  return new AppError('model_unavailable', 'The model could not be run.', { retryAfterSeconds: 5 }, error);
}
