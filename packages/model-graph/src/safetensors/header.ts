import { ModelFault } from '../model-fault.ts';
import { type ElementType, elementBits, isElementType } from './element-type.ts';
import { HeaderScanner, ScanError } from './header-scanner.ts';

/** A tensor of a file: where its bytes lie, counted from the end of the header. */
export type HeaderTensor = {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
};

export type Header = {
  readonly tensors: ReadonlyMap<string, HeaderTensor>;
  readonly metadata: ReadonlyMap<string, string>;
};

const tensorsMax = 100_000;
const nameCharactersMax = 1_024;
const metadataEntriesMax = 10_000;
const metadataCharactersMax = 1_000_000;
const dimensionsMax = 16;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a safetensors header, as strictly as the reference implementation does: the tensors follow each other without
 * overlap or hole and end where the file ends.
 *
 * @param bytes the header without its length
 * @param dataBytes bytes of the file after the header
 * @throws ModelFault `weights_malformed`
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number): Header {
  const tensors = new Map<string, HeaderTensor>();
  const metadata = new Map<string, string>();
  try {
    if (bytes[0] !== 0x7b) throw new ScanError('it does not begin with {');
    const scanner = new HeaderScanner(decoder.decode(bytes));
    scanner.object({ membersMax: tensorsMax, keyCharactersMax: nameCharactersMax }, (key) => {
      if (key === '__metadata__') readMetadata(scanner, metadata);
      else tensors.set(key, readTensor(scanner, key));
    });
    scanner.end();
    checkLayout([...tensors.values()], dataBytes);
  } catch (error) {
    if (!(error instanceof ScanError) && !(error instanceof TypeError)) throw error;
    const reason = error instanceof ScanError ? error.message : 'it is not UTF-8';
    throw new ModelFault('weights_malformed', `The safetensors header is not valid: ${reason}.`, error);
  }
  return { tensors, metadata };
}

function readMetadata(scanner: HeaderScanner, metadata: Map<string, string>): void {
  scanner.object({ membersMax: metadataEntriesMax, keyCharactersMax: nameCharactersMax }, (key) => {
    metadata.set(key, scanner.text(metadataCharactersMax));
  });
}

function readTensor(scanner: HeaderScanner, name: string): HeaderTensor {
  let type: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object({ membersMax: 3, keyCharactersMax: 32 }, (key) => {
    if (key === 'dtype') type = scanner.text(32);
    else if (key === 'shape') shape = scanner.wholeNumbers(dimensionsMax);
    else if (key === 'data_offsets') offsets = scanner.wholeNumbers(2);
    else throw new ScanError(`${quoted(name)} has the unknown field ${quoted(key)}`);
  });
  const [start, end] = offsets ?? [];
  if (type === undefined || shape === undefined || start === undefined || end === undefined) {
    throw new ScanError(`${quoted(name)} lacks dtype, shape or data_offsets`);
  }
  if (!isElementType(type)) throw new ScanError(`${quoted(name)} has the unknown dtype ${quoted(type)}`);
  const bits = shape.reduce((product, size) => product * size, elementBits[type]);
  if (!Number.isSafeInteger(bits) || bits % 8 !== 0 || end - start !== bits / 8) {
    throw new ScanError(`${quoted(name)} is ${type}[${shape.join(',')}] but has the offsets ${start} to ${end}`);
  }
  return { name, type, shape, start, end };
}

function checkLayout(tensors: HeaderTensor[], dataBytes: number): void {
  let at = 0;
  for (const tensor of tensors.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (tensor.start !== at) {
      const fault = tensor.start < at ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new ScanError(`${quoted(tensor.name)} ${fault}`);
    }
    at = tensor.end;
  }
  if (at !== dataBytes) throw new ScanError(`the tensors end at byte ${at} of the data, the file at byte ${dataBytes}`);
}

const quoted = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
