import type { RunRecord } from '@agon/store';
import { stringify } from 'yaml';
import { figure, interval } from '../figure.ts';
import type { CardInput, CardKind } from './card-kind.ts';
import { languageCard } from './language-card.ts';
import { licence } from './licence.ts';
import { code, plain, table } from './markdown-table.ts';
import { onnxCard } from './onnx-card.ts';

export type ModelCardInput = CardInput & {
  readonly runs: readonly RunRecord[];
  /** The key that signed the receipt. */
  readonly publicKey: string;
};

/** The model card: metadata as the Hugging Face hub reads it, then what a person wants to know before using the model. */
export function modelCard(input: ModelCardInput): string {
  const kind = input.format === 'onnx' ? onnxCard : languageCard;
  const sections = [
    `# ${input.name}`,
    what(input, kind),
    score(input),
    race(input),
    data(input, kind),
    kind.usage(input),
    licence(input.base),
    receipt(input),
  ];
  return `---\n${stringify(metadata(input, kind), { lineWidth: 0 })}---\n\n${sections.join('\n\n')}\n`;
}

function metadata(input: ModelCardInput, kind: CardKind) {
  const { job, name } = input;
  const { result } = job;
  const split = { name: 'hidden report rows', type: kind.dataKind, split: 'report' };
  const args = { ci95: result.report.ci95, rows: result.report.rows, baseline: result.baseline.report };
  const own = kind.metadata(input);
  return {
    ...own,
    'model-index': [
      {
        name,
        results: [
          {
            task: { type: own.pipeline_tag, name: job.task.replaceAll('-', ' ') },
            dataset: split,
            metrics: [{ type: result.metric, name: result.metric, value: result.report.value, args }],
          },
        ],
      },
    ],
  };
}

function what(input: ModelCardInput, kind: CardKind): string {
  const { job, id } = input;
  const { winner } = job.result;
  return `${kind.what(input)} Several miners trained for it in a race; every model was scored on rows that no miner had seen, and this one won. It was trained by ${plain(winner.miner_name)} with the recipe ${code(winner.template)} in run \`${winner.run}\` of job \`${job.id}\`, and is registered as \`${id}\`.`;
}

function score({ job }: ModelCardInput): string {
  const { result } = job;
  const better = result.direction === 'minimize' ? 'lower' : 'higher';
  const rows = [
    [
      'this model',
      figure(result.report.value),
      interval(result.report.ci95),
      figure(result.selection.value),
      interval(result.selection.ci95),
    ],
    [
      `baseline (${job.baseline.summary})`,
      figure(result.baseline.report),
      interval(job.baseline.report.score.ci95),
      figure(result.baseline.selection),
      interval(job.baseline.selection.score.ci95),
    ],
  ];
  return [
    '## Score',
    `${result.metric}, ${better} is better. The selection rows chose the winner; the report rows did not, so their score is the one to expect.`,
    table(['', 'report', '95 % interval', 'selection', '95 % interval'], rows),
    `Gain over the baseline on the ${result.report.rows} report rows: ${figure(result.gain.value)} (95 % interval ${interval(result.gain.ci95)}; positive is better).`,
  ].join('\n\n');
}

function race({ job, runs }: ModelCardInput): string {
  const runById = new Map(runs.map((run) => [run.id, run]));
  const rows = job.judgement.entries
    .toSorted((left, right) => left.rank - right.rank)
    .map((entry) => {
      const run = runById.get(entry.runId);
      return [
        String(entry.rank),
        run?.minerName ?? entry.runId,
        run?.template ?? 'custom',
        figure(entry.score.value),
        interval(entry.score.ci95),
        entry.pBest.toFixed(3),
        entry.beatsBaseline ? 'yes' : 'no',
        entry.copyOf === null ? '' : `copy of ${entry.copyOf}`,
      ];
    });
  const header = ['rank', 'miner', 'recipe', job.result.metric, '95 % interval', 'p_best', 'beats the baseline', ''];
  return [
    '## The race',
    `Scores on the ${job.result.selection.rows} selection rows. \`p_best\` is the probability of being the best of all, over ${job.judgement.resamples} bootstrap resamples of the rows.`,
    '![The losses of the trainers and the scores of their models on hidden rows](race.svg)',
    table(header, rows),
  ].join('\n\n');
}

function data(input: ModelCardInput, kind: CardKind): string {
  const { parts, rows } = input.job.dataset;
  return [
    '## Data',
    `${rows} rows: ${parts.train} to train, ${parts.selection} hidden to choose the winner, ${parts.report} hidden to report its score.`,
    ...kind.data(input),
  ].join('\n\n');
}

const receipt = ({ publicKey, job }: ModelCardInput): string =>
  `## Receipt

\`agon.json\` is the signed record of the race: the dataset's fingerprint, the commitment and the secret of the split, every
submission with its hashes and scores, and the rule that chose. It is signed with the Ed25519 key \`${publicKey}\`.

\`\`\`sh
agon verify agon.json
agon verify agon.json --dataset your-dataset.${job.dataset.format} --model .   # also rebuilds the split and scores this model again
\`\`\``;
