import { connectDocker, explain } from '../runner/docker/docker-client.ts';

export type DockerFacts = { readonly version: string; readonly gpuRuntime: boolean };

/**
 * Asks the Docker daemon that DOCKER_HOST names, else the machine's own, who it is.
 *
 * @throws RunnerError that says what to do where none answers.
 */
export async function checkDocker(environment: Readonly<Record<string, string | undefined>>): Promise<DockerFacts> {
  try {
    const info = (await (await connectDocker(environment)).info()) as { ServerVersion?: string; Runtimes?: object };
    return { version: info.ServerVersion ?? 'unknown', gpuRuntime: 'nvidia' in (info.Runtimes ?? {}) };
  } catch (error) {
    throw explain(error);
  }
}
