import { z } from 'zod';

const column = z.string().min(1).max(500);

/**
 * Names of a file's columns where they differ from ours: `text` for text-classification; `messages`, or `prompt` and
 * `completion` (with `system` and `input` for instruct data), for chat; `prompt`, `chosen`, `rejected` for preference.
 */
export const TextColumns = z
  .strictObject({
    text: column.optional(),
    messages: column.optional(),
    system: column.optional(),
    prompt: column.optional(),
    input: column.optional(),
    completion: column.optional(),
    chosen: column.optional(),
    rejected: column.optional(),
  })
  .meta({ id: 'TextColumns' });
export type TextColumns = z.infer<typeof TextColumns>;

/** Bounds of text tasks that trainers and the evaluator share. */
export const TextLimits = z
  .object({
    /** Longer rows are cut at the end; a row whose completion is cut away is not scored. */
    max_tokens: z.int(),
    lora_rank_max: z.int(),
  })
  .meta({ id: 'TextLimits' });
export type TextLimits = z.infer<typeof TextLimits>;

export const ChatRole = z.enum(['system', 'user', 'assistant']);

/** One turn of a conversation. */
export const ChatMessage = z.object({ role: ChatRole, content: z.string() }).meta({ id: 'ChatMessage' });
export type ChatMessage = z.infer<typeof ChatMessage>;

/** A turn to learn from. An answer of weight 0 is read and neither learnt nor scored, as in OpenAI's format. */
export const ChatTurn = ChatMessage.extend({ weight: z.literal(0).optional() });
export type ChatTurn = z.infer<typeof ChatTurn>;

/** Rows of the parts of text datasets, one JSON object a line, as trainers and the evaluator read them. */
export const ChatRow = z.object({ messages: z.array(ChatTurn).min(2) });
export type ChatRow = z.infer<typeof ChatRow>;

export const PreferenceRow = z.object({
  prompt: z.array(ChatMessage).min(1),
  chosen: z.string(),
  rejected: z.string(),
});
export type PreferenceRow = z.infer<typeof PreferenceRow>;

export const TextClassRow = z.object({ text: z.string(), label: z.string() });
export type TextClassRow = z.infer<typeof TextClassRow>;
