import type { DatasetProblem } from '@agon/contracts';

/** Why a dataset is refused: a code of the error table, a sentence, and the list. */
export type DatasetRefusal = {
  ok: false;
  error: {
    code:
      | 'dataset_invalid'
      | 'dataset_too_small'
      | 'target_missing'
      | 'target_unsuitable'
      | 'task_not_inferable'
      | 'metric_unsuitable'
      | 'dataset_too_large';
    message: string;
  };
  problems: DatasetProblem[];
};

export const refusal = (
  code: DatasetRefusal['error']['code'],
  message: string,
  problems: DatasetProblem[] = [],
): DatasetRefusal => ({ ok: false, error: { code, message }, problems });

const shownCharactersMax = 60;

/** A value as it stands in a sentence: quoted and cut. */
export function shown(text: string): string {
  const cut = text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
  return JSON.stringify(cut);
}

/** `a, b, c and 4 more`. */
export function listed(items: readonly string[], itemsMax: number): string {
  const rest = items.length - itemsMax;
  const head = items.slice(0, itemsMax).join(', ');
  return rest > 0 ? `${head} and ${rest} more` : head;
}

/** `1 row`, `2 rows`. */
export const plural = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;
