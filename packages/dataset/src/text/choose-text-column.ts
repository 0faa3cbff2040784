import type { TextColumns } from '@agon/contracts';
import { type DatasetRefusal, kindOf, listed, refusal, shown, type TableTally, unknownColumn } from '@agon/domain';

/**
 * The column that holds the texts to classify: the one that the client names, else `text`, else the only column of
 * strings, else the only one of free text.
 */
export function chooseTextColumn(tally: TableTally, columns: TextColumns): { ok: true; text: string } | DatasetRefusal {
  const { names } = tally;
  const other = Object.keys(columns).find(
    (part) => part !== 'text' && columns[part as keyof TextColumns] !== undefined,
  );
  if (other !== undefined)
    return refusal('dataset_invalid', `\`columns.${other}\` is nothing that text-classification reads; it reads text.`);
  const usable = names.filter((_, index) => index !== tally.targetIndex && !tally.ignored.has(index));
  if (columns.text !== undefined) return named(columns.text, usable, names);
  if (usable.includes('text')) return { ok: true, text: 'text' };
  const kinds = usable.map((name) => ({
    name,
    kind: kindOf(tally.columns[names.indexOf(name)] ?? tally.target.column),
  }));
  const strings = kinds.filter(({ kind }) => kind === 'text' || kind === 'category');
  const texts = strings.filter(({ kind }) => kind === 'text');
  const [only] = strings.length === 1 ? strings : texts;
  if (only && (strings.length === 1 || texts.length === 1)) return { ok: true, text: only.name };
  const message =
    strings.length === 0
      ? `No column of texts was found; the columns are ${listed(names.map(shown), 20)}.`
      : `Which column holds the texts is not clear: ${listed(
          strings.map(({ name }) => shown(name)),
          20,
        )}. Name it as \`columns.text\`.`;
  return refusal('dataset_invalid', message);
}

function named(
  name: string,
  usable: readonly string[],
  names: readonly string[],
): { ok: true; text: string } | DatasetRefusal {
  if (usable.includes(name)) return { ok: true, text: name };
  if (names.includes(name))
    return refusal('dataset_invalid', `The column ${shown(name)} cannot hold the texts and be the target or ignored.`);
  return refusal(
    'dataset_invalid',
    `There is no column ${shown(name)} to be \`columns.text\`.${unknownColumn(name, names)}`,
  );
}
