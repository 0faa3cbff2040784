import type { TextColumns } from '@agon/contracts';
import { type DatasetRefusal, listed, refusal, shown, unknownColumn } from '@agon/domain';

/**
 * Where the texts of a row are, by the names of the columns; plain JSON. Columns that may be null are optional, and may
 * also be missing from the file.
 */
export type TextLayout =
  | { readonly task: 'chat'; readonly shape: 'messages'; readonly messages: string; readonly system: string | null }
  | {
      readonly task: 'chat';
      readonly shape: 'pair';
      readonly system: string | null;
      readonly prompt: string;
      /** Further text of the user, behind the prompt: the `input` of instruct data. */
      readonly input: string | null;
      readonly completion: string;
    }
  | {
      readonly task: 'preference';
      readonly system: string | null;
      /** Null where the answers are conversations that begin with it. */
      readonly prompt: string | null;
      readonly chosen: string;
      readonly rejected: string;
    }
  | {
      readonly task: 'text-classification';
      readonly text: string;
      readonly target: string;
      readonly targetKind: 'number' | 'category';
      readonly classes: string[];
    };

type Named = { [K in keyof TextColumns]?: string | undefined };
/** The names that columns usually have; the first one that the file has is taken. */
type Recipe = {
  readonly needs: readonly (readonly [part: keyof TextColumns, ...names: string[]])[];
  readonly takes: readonly (readonly [part: keyof TextColumns, ...names: string[]])[];
};

const system = ['system', 'system', 'system_prompt'] as const;

/** The ways in which conversations are laid out, the best first. */
const chatRecipes: readonly Recipe[] = [
  { needs: [['messages', 'messages', 'conversations', 'conversation']], takes: [system] },
  {
    needs: [
      ['prompt', 'instruction'],
      ['completion', 'output', 'response', 'completion'],
    ],
    takes: [system, ['input', 'input']],
  },
  {
    needs: [
      ['prompt', 'prompt', 'question', 'query'],
      ['completion', 'completion', 'response', 'answer', 'output'],
    ],
    takes: [system],
  },
];

const preferenceRecipes: readonly Recipe[] = [
  {
    needs: [
      ['chosen', 'chosen', 'preferred_output'],
      ['rejected', 'rejected', 'non_preferred_output'],
    ],
    takes: [system, ['prompt', 'prompt', 'question', 'instruction', 'input']],
  },
];

const recipesOf = { chat: chatRecipes, preference: preferenceRecipes } as const;
const expectedOf = {
  chat: '`messages` (or `conversations`), or `prompt` and `completion`, or `instruction` and `output`, or `question` and `answer`',
  preference: '`prompt`, `chosen` and `rejected`',
} as const;
const namesShownMax = 20;

/**
 * Finds the columns of conversations among those of a file, by what the client calls them, else by their usual names.
 *
 * @param input.names the columns' names; later rows of JSON Lines may bring more.
 */
export function findTextLayout(input: {
  task: 'chat' | 'preference';
  names: readonly string[];
  columns: TextColumns;
}): { ok: true; layout: TextLayout } | DatasetRefusal {
  const { task, names, columns } = input;
  const wrong = checkNamed(input);
  if (wrong) return wrong;
  for (const recipe of recipesOf[task]) {
    const found = tryRecipe(recipe, names, columns);
    if (found) return { ok: true, layout: layoutOf(task, found) };
  }
  const message = `No columns of a ${task} dataset were found: ${expectedOf[task]}. The columns are ${listed(names.map(shown), namesShownMax)}. Say in \`columns\` which holds what.`;
  return refusal('dataset_invalid', message, [{ code: 'columns_missing', row: null, column: null, message, count: 1 }]);
}

/** Whether the columns hold conversations, under their usual names or those that the client gave. */
export const hasTextLayout = (
  task: 'chat' | 'preference',
  names: readonly string[],
  columns: TextColumns = {},
): boolean => recipesOf[task].some((recipe) => tryRecipe(recipe, names, columns) !== null);

const partsOf: Record<'chat' | 'preference', readonly (keyof TextColumns)[]> = {
  chat: ['messages', 'system', 'prompt', 'input', 'completion'],
  preference: ['system', 'prompt', 'chosen', 'rejected'],
};

/** Every name that the client gave must be of the task and in the file. */
function checkNamed(input: {
  task: 'chat' | 'preference';
  names: readonly string[];
  columns: TextColumns;
}): DatasetRefusal | undefined {
  const { task, names, columns } = input;
  for (const [part, name] of Object.entries(columns) as [keyof TextColumns, string | undefined][]) {
    if (name === undefined) continue;
    if (!partsOf[task].includes(part)) {
      const message = `\`columns.${part}\` is nothing that ${task} reads; it reads ${partsOf[task].join(', ')}.`;
      return refusal('dataset_invalid', message, [problemOf('columns_unsuitable', name, message)]);
    }
    if (names.includes(name)) continue;
    const message = `There is no column ${shown(name)} to be \`columns.${part}\`.${unknownColumn(name, names)}`;
    return refusal('dataset_invalid', message, [problemOf('column_missing', name, message)]);
  }
  return undefined;
}

const problemOf = (code: string, column: string, message: string) => ({ code, row: null, column, message, count: 1 });

/** The columns that a recipe takes, or null where one that it needs is not there. */
function tryRecipe(recipe: Recipe, names: readonly string[], columns: TextColumns): Named | null {
  const parts = [...recipe.needs, ...recipe.takes].map(([part]) => part);
  // A name of a part that this recipe does not know asks for another recipe.
  if ((Object.keys(columns) as (keyof TextColumns)[]).some((part) => columns[part] && !parts.includes(part)))
    return null;
  const found: Named = {};
  for (const [part, ...usual] of recipe.needs) {
    const name = columns[part] ?? usual.find((candidate) => names.includes(candidate));
    if (name === undefined) return null;
    found[part] = name;
  }
  const taken = new Set(Object.values(found));
  for (const [part, ...usual] of recipe.takes) {
    // `input` belongs to `instruction`; beside a prompt that the client names it may be anything.
    if (part === 'input' && columns.prompt && !columns.input) continue;
    // JSON Lines may bring an optional column later, so its usual name is kept though it is not there yet.
    const name = columns[part] ?? usual.find((candidate) => names.includes(candidate)) ?? usual[0];
    if (name !== undefined && !taken.has(name)) found[part] = name;
  }
  return found;
}

function layoutOf(task: 'chat' | 'preference', found: Named): TextLayout {
  const { system: systemName = null, messages, prompt = null, input = null, completion = '' } = found;
  if (task === 'preference')
    return { task, system: systemName, prompt, chosen: found.chosen ?? '', rejected: found.rejected ?? '' };
  if (messages !== undefined) return { task, shape: 'messages', messages, system: systemName };
  return { task, shape: 'pair', system: systemName, prompt: prompt ?? '', input, completion };
}

/** The column that a note about whole rows names. */
export function mainColumn(layout: TextLayout): string {
  if (layout.task === 'text-classification') return layout.text;
  if (layout.task === 'preference') return layout.chosen;
  return layout.shape === 'messages' ? layout.messages : layout.completion;
}

/** The columns that a layout reads. */
export const columnsOf = (layout: TextLayout): ReadonlySet<string> => {
  const { task: _, ...parts } = layout;
  const names = Object.entries(parts)
    .filter(([part]) => part !== 'shape' && part !== 'targetKind' && part !== 'classes')
    .map(([, name]) => name);
  return new Set(names.filter((name): name is string => typeof name === 'string'));
};
