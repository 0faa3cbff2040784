/** Every check of `agon template test`: what it asks for, and what to do where it fails. The names are stable. */
export const checkTable = {
  'exit-code': {
    asks: 'The program starts, trains and ends with exit code 0.',
    hint: 'Read the log below; run the command by hand with AGON_JOB set to the job folder (--keep keeps it).',
  },
  deadline: {
    asks: 'It ends by itself before `deadline_unix` of job.json.',
    hint: 'Look at the clock in the training loop and keep back the time that saving takes.',
  },
  sigterm: {
    asks: 'On SIGTERM it saves the best model so far and exits with 0 within the grace time.',
    hint: 'Handle SIGTERM: set a flag that the training loop looks at, then save as usual. A shell must pass it on.',
  },
  progress: {
    asks: 'It prints progress: JSON objects with a whole `step` that never falls, one a line, unbuffered.',
    hint: 'Print {"step": 1, "loss": 0.5} and flush; everything else on stdout is log.',
  },
  submission: {
    asks: 'out/submission.json names a format of the task and plain files inside out/.',
    hint: 'Write {"format": "onnx", "files": ["model.onnx"]} after the files themselves are complete.',
  },
  'only-out': {
    asks: 'It writes in out/ and its temporary folder only, and leaves no link in out/.',
    hint: 'Put scratch files into $TMPDIR; copy files into out/ instead of linking them. In a container the rest is read-only.',
  },
  'reads-job': {
    asks: 'The model has the inputs that job.json names in `table.columns[].input`.',
    hint: 'Name each input by `input`, not by `name` or position: the service chooses those names.',
  },
  accepted: {
    asks: 'The evaluator accepts the model: its checks pass and it answers every hidden row.',
    hint: 'docs/trainer-contract.md says what a model of this format must be; docs/errors.md explains the code.',
  },
  score: {
    asks: 'The score on hidden rows is a finite number.',
    hint: 'Look for NaN or infinite outputs, for example from a logarithm of 0 or a missing value.',
  },
  'tiny-data': {
    asks: 'A handful of rows gives a model, or exit code 64 and a sentence on why there is none.',
    hint: 'Fold and batch sizes must not be larger than the data; catch what cannot be learnt and exit with 64.',
  },
  'odd-names': {
    asks: 'Spaces, quotes, line breaks and any script in names and values are data like other data.',
    hint: 'Read CSV and JSON with a library, as UTF-8; never build file names or code from names of columns.',
  },
  seed: {
    asks: 'With the same seed it gives the same model (told, not required).',
    hint: 'Feed `seed` of job.json to every source of chance.',
  },
} as const;

export type CheckName = keyof typeof checkTable;

/** How a check went: `null` where it only tells, or could not be made. */
export type CheckResult = { readonly name: CheckName; readonly ok: boolean | null; readonly message: string };

/** The checks as a person reads them: a line each, with what to do below those that failed. */
export const linesOf = ({ checks }: { readonly checks: readonly CheckResult[] }): string[] =>
  checks.flatMap(linesOfCheck);

function linesOfCheck({ name, ok, message }: CheckResult): string[] {
  const { asks, hint } = checkTable[name];
  const label = name.padEnd(11);
  if (ok === null) return [`  · ${label} ${message}`];
  if (ok) return [`  ✓ ${label} ${message || asks}`];
  return [`  ✗ ${label} ${asks}`, ...`${message}\nHint: ${hint}`.split('\n').map((line) => `      ${line}`)];
}
