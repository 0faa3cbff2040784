/** Types of `private-docker.mjs` for the tests. */
export declare const dockerFolder: string;
export declare const debianImage: string;

type Say = { readonly say: (text: string) => void };

export type Daemon = {
  readonly host: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
};

export declare function installDocker(options: Say): Promise<string | undefined>;
export declare function startDaemon(options: {
  folder: string;
  liveRestore?: boolean;
  networks?: boolean;
}): Promise<Daemon>;
export declare function ensureDebian(options: Say & { host: string; cache: string }): Promise<string>;
export declare function freeDockerFolder(): { readonly folder: string; readonly release: () => void };
