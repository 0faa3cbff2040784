import { AppError, type TextColumns } from '@agon/contracts';
import { type DatasetRefusal, refusal } from '@agon/domain';
import type { DatasetSource } from '../dataset-source.ts';
import type { DatasetWish, InspectionRefusal, TextInspection } from '../inspection.ts';
import { openTable } from '../open-table.ts';
import { ProblemList } from '../problem-list.ts';
import { refuseDecision, refuseError, refuseProblems } from '../refusals.ts';
import { checkTexts } from './check-texts.ts';
import { inspectClassTexts } from './inspect-class-texts.ts';
import type { TextTask } from './read-text-part.ts';
import { findTextLayout, type TextLayout } from './text-layout.ts';

type Options = { signal?: AbortSignal | undefined };

/** A wish whose task is known; `why`, where it was inferred. */
export type TextWish = DatasetWish & { readonly task: TextTask; readonly why: string | null };

/** Inspects a dataset of a text task; see `inspectDataset`. */
export async function inspectText(
  source: DatasetSource,
  wish: TextWish,
  options: Options,
): Promise<TextInspection | InspectionRefusal> {
  const { task } = wish;
  if (task === 'text-classification') return inspectClassTexts(source, { ...wish, task }, options);
  if (wish.target !== undefined) {
    const message = `${task} has no target; leave \`target\` out, and say in \`columns\` which column holds what where the names are not the usual ones.`;
    return refuseDecision(refusal('target_unsuitable', message), { format: '', names: null });
  }
  const problems = new ProblemList();
  const found = await findLayout(source, { task, columns: wish.columns ?? {} }, { ...options, problems });
  if (!problems.empty) return refuseProblems(problems, null);
  if (found === null) return refuseError(new AppError('dataset_too_small', 'The file has no rows.'));
  if (!found.ok) return refuseDecision(found, found);
  return checkTexts(source, { wish, layout: found.layout, notes: [] }, options);
}

type Found = { ok: true; layout: TextLayout } | (DatasetRefusal & { format: string; names: readonly string[] });

/** Reads on while the columns are not found: later rows of JSON Lines may have them. */
async function findLayout(
  source: DatasetSource,
  wanted: { task: 'chat' | 'preference'; columns: TextColumns },
  options: Options & { problems: ProblemList },
): Promise<Found | null> {
  const reader = await openTable(source, { ...options, nested: 'json' });
  let found: Found | null = null;
  let columns = 0;
  for await (const batch of reader.batches) {
    if (batch.columns.length === columns) continue;
    columns = batch.columns.length;
    const layout = findTextLayout({ ...wanted, names: batch.columns });
    if (layout.ok) return layout;
    found = { ...layout, format: reader.format, names: batch.columns };
    if (reader.format !== 'jsonl') break;
  }
  return found;
}
