import type { TokenLogprob, Usage } from '@agon/contracts';
import type { ChatEnd, ChatPart, TokenText } from '@agon/inference';
import type { RouteDeps } from '../deps.ts';

const broken = '\ufffd';

/** Which software answered, as far as a client can tell. */
export const fingerprint = (deps: Pick<RouteDeps, 'settings'>): string => `agon-${deps.settings.version}`;

/** The prompt is counted once, whatever the number of choices. */
export function usageOf(ends: readonly ChatEnd[]): Usage {
  const prompt = ends[0]?.promptTokens ?? 0;
  const completion = ends.reduce((sum, end) => sum + end.completionTokens, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** A part's token with its alternatives; none where they were not asked for. */
export function logprobsOf({ report }: ChatPart): TokenLogprob[] {
  if (!report) return [];
  return [{ ...tokenOf(report), top_logprobs: report.alternatives.map(tokenOf) }];
}

/** A token that is a piece of a character has no bytes that its text would tell. */
function tokenOf({ text, logprob }: TokenText): { token: string; logprob: number; bytes: number[] | null } {
  return { token: text, logprob, bytes: text.includes(broken) ? null : [...Buffer.from(text)] };
}
