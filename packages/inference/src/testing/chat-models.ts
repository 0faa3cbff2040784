import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdapterOptions, onDisk, tinyAdapter, tinyBert, tinyClassifier, tinyLlama } from '@agon/language/testing';
import type { ServedAdapter, ServedModel } from '../host/model-host.ts';
import { type HostsOptions, ModelHosts } from '../host/model-hosts.ts';
import type { Generation } from '../protocol.ts';

/** Settings under which tests let tiny models answer. */
export const testHosts: Omit<HostsOptions, 'folder'> = {
  modelsMax: 2,
  memoryMibMax: 8_192,
  idleMs: 60_000,
  answersMax: 64,
  settings: { threads: 1, rowsMax: 4, cacheBytesMax: 2 ** 28, promptStepTokens: 16, newTokensMax: 64 },
};

/** What a test asks; greedy, and no more than it says. */
export const generationOf = (content: string, changes: Partial<Generation> = {}): Generation => ({
  conversation: [{ role: 'user', content }],
  newTokensMax: 24,
  stops: [],
  seed: 1,
  sampling: { temperature: 0, topP: 1, frequencyPenalty: 0, presencePenalty: 0, topLogprobs: null },
  ...changes,
});

/** Tiny models in a temporary folder, and something that serves them. */
export class ChatWorld {
  readonly folder: string;
  readonly hosts: ModelHosts;

  private constructor(folder: string, changes: Partial<HostsOptions>) {
    this.folder = folder;
    this.hosts = new ModelHosts({ ...testHosts, ...changes, folder: join(folder, 'hosts') });
  }

  static async open(changes: Partial<HostsOptions> = {}): Promise<ChatWorld> {
    return new ChatWorld(await mkdtemp(join(tmpdir(), 'agon-chat-')), changes);
  }

  model(seed = 1): ServedModel {
    return {
      name: `tiny-${seed}`,
      baseFiles: () => onDisk(this.folder, tinyLlama(seed)),
      checkpointFiles: null,
      parameters: 50_000,
    };
  }

  /** A classifier of texts. */
  classifier(labels: readonly string[]): ServedModel {
    return {
      name: `classifier ${labels.join()}`,
      baseFiles: () => onDisk(this.folder, tinyBert(1)),
      checkpointFiles: () => onDisk(this.folder, tinyClassifier(1, labels)),
      parameters: 50_000,
    };
  }

  adapter(options: AdapterOptions = {}): ServedAdapter {
    return { name: JSON.stringify(options), files: () => onDisk(this.folder, tinyAdapter(options)) };
  }

  /** The whole text of an answer. */
  async say(model: ServedModel, generation: Generation, adapter: ServedAdapter | null = null): Promise<string> {
    const parts: string[] = [];
    const signal = new AbortController().signal;
    const end = await this.hosts.generate(
      { model, adapter, generation },
      { signal, onPart: ({ text }) => parts.push(text) },
    );
    return parts.join('') + end.text;
  }

  async close(): Promise<void> {
    await this.hosts.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
