import type { DecoderConfig } from '../decoder/decoder-config.ts';
import type { EncoderConfig } from '../encoder/encoder-config.ts';

export type ModelConfig = DecoderConfig | EncoderConfig;

/** How one family's `config.json` is read. */
export type Family = {
  /** @throws ModelFault `config_malformed`, `config_unsupported` */
  read(raw: unknown, architecture: string): ModelConfig;
};
