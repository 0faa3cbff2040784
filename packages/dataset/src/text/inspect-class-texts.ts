import { AppError } from '@agon/contracts';
import { checkTarget } from '@agon/domain';
import type { DatasetSource } from '../dataset-source.ts';
import { type FirstReading, readFirst } from '../first-reading.ts';
import type { InspectionRefusal, TextInspection } from '../inspection.ts';
import { ProblemList } from '../problem-list.ts';
import { refuseDecision, refuseError, refuseProblems } from '../refusals.ts';
import { checkTexts } from './check-texts.ts';
import { chooseTextColumn } from './choose-text-column.ts';
import type { TextWish } from './inspect-text.ts';

type Options = { signal?: AbortSignal | undefined /** Where the file was read already. */; reading?: FirstReading };

/** Inspects a dataset of texts and their classes. */
export async function inspectClassTexts(
  source: DatasetSource,
  wish: TextWish,
  options: Options,
): Promise<TextInspection | InspectionRefusal> {
  const problems = new ProblemList();
  const reading =
    options.reading ?? (await readFirst(source, wish, { problems, nested: 'json', signal: options.signal }));
  if (!problems.empty) return refuseProblems(problems, null);
  if (reading.refusal) return refuseDecision(reading.refusal, reading);
  const { tally } = reading;
  if (tally === null || tally.rows === tally.emptyRows)
    return refuseError(new AppError('dataset_too_small', 'The file has no rows.'));
  const column = chooseTextColumn(tally, wish.columns ?? {});
  if (!column.ok) return refuseDecision(column, reading);
  const target = tally.names[tally.targetIndex] ?? '';
  const usable = checkTarget({ name: target, target: tally.target, task: 'text-classification' });
  if (!usable.ok) return refuseDecision(usable, reading);
  const layout = {
    task: 'text-classification',
    text: column.text,
    target,
    targetKind: usable.kind,
    classes: (usable.classes ?? []).map(({ name }) => name),
  } as const;
  return checkTexts(source, { wish, layout, notes: usable.notes }, options);
}
