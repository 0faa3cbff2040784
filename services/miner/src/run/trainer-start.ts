import type { RunFolder } from '../run-folder.ts';
import type { TrainerStart } from '../runner/runner.ts';
import { trainerEnvironment } from '../runner/trainer-environment.ts';
import type { Template } from '../template/load-templates.ts';

/** How a template's program is started on the folder of a run. */
export function trainerStart(input: {
  readonly template: Template;
  readonly folder: RunFolder;
  readonly templatesFolder: string;
  /** What `{python}` becomes. */
  readonly python: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cpus: number;
}): TrainerStart {
  const { template, folder, templatesFolder, python, environment, cpus } = input;
  return {
    command: template.manifest.command.map((word) => (word === '{python}' ? python : word)),
    workingFolder: template.folder,
    environment: trainerEnvironment({
      environment,
      jobFolder: folder.job,
      temporaryFolder: folder.temporary,
      templatesFolder,
      cpus,
    }),
    logPath: folder.log,
    exitCodePath: folder.exitCode,
  };
}
