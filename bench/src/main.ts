import { artifacts } from './artifacts.ts';
import { chat } from './chat.ts';
import { container } from './container.ts';
import { dispatch } from './dispatch.ts';
import { hub } from './hub.ts';
import { idleMemory } from './idle-memory.ts';
import { overhead } from './overhead.ts';
import { predict } from './predict.ts';
import { race } from './race.ts';
import type { Bench, BenchResult } from './result.ts';
import { scoreLm } from './score-lm.ts';
import { scoreLmGrowth } from './score-lm-growth.ts';
import { scoreTabular } from './score-tabular.ts';
import { upload } from './upload.ts';

const benches: Readonly<Record<string, Bench>> = {
  overhead,
  'score-tabular': scoreTabular,
  'score-lm': scoreLm,
  'score-lm-growth': scoreLmGrowth,
  chat,
  predict,
  race,
  dispatch,
  container,
  upload,
  hub,
  artifacts,
  'idle-memory': idleMemory,
};

const json = process.argv.includes('--json');
const names = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const unknown = names.filter((name) => !(name in benches));
if (unknown.length > 0 || process.argv.includes('--help')) {
  process.stderr.write(`npm run bench [-- NAME … --json]\nBenchmarks: ${Object.keys(benches).join(', ')}\n`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const describe = (result: BenchResult): string => {
  const details = Object.entries(result.details)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  const figures = `ours ${result.ours}, yardstick ${result.yardstick}, ratio ${result.ratio} (${result.unit})`;
  return `${result.met ? '✓' : '✗'} ${result.bench}: ${figures}; aim: ${result.aim}${details ? `; ${details}` : ''}`;
};

for (const name of names.length > 0 ? names : Object.keys(benches)) {
  const results = (await benches[name]?.((text) => process.stderr.write(`… ${name}: ${text}\n`))) ?? [];
  for (const result of results) process.stdout.write(`${json ? JSON.stringify(result) : describe(result)}\n`);
}
