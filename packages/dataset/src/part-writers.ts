import { type BlobRef, PartName } from '@agon/contracts';
import { ByteChannel } from './byte-channel.ts';

/** Stores the text of one part; reads the stream to its end. The three parts are written at the same time. */
export type WritePart = (name: PartName, text: AsyncIterable<Uint8Array>) => Promise<BlobRef>;

const pieceCharacters = 64 * 1024;

type Writer = { channel: ByteChannel; blob: Promise<BlobRef>; text: string; rows: number };

/** The three parts as they are written, each with the same beginning. */
export class PartWriters {
  readonly #writers: Record<PartName, Writer>;

  constructor(write: WritePart, head: string) {
    const open = (name: PartName): Writer => {
      const channel = new ByteChannel();
      // A store that fails before it reads must not leave the writer waiting.
      const blob = (async () => write(name, channel))().finally(() => channel.leave());
      blob.catch(() => {});
      return { channel, blob, text: head, rows: 0 };
    };
    this.#writers = { train: open('train'), selection: open('selection'), report: open('report') };
  }

  /** Adds a row to a part. Call `flush` between batches: memory grows until then. */
  add(name: PartName, record: string): void {
    const writer = this.#writers[name];
    writer.text += record;
    writer.rows += 1;
  }

  /** Hands on what is long enough; waits for stores that are behind. */
  async flush(charactersMin = pieceCharacters): Promise<void> {
    for (const name of PartName.options) {
      const writer = this.#writers[name];
      if (writer.text.length < charactersMin) continue;
      const piece = Buffer.from(writer.text, 'utf8');
      writer.text = '';
      await this.#send(writer, piece);
    }
  }

  /** Ends all parts and waits until they are stored. */
  async finish(): Promise<Record<PartName, BlobRef & { rows: number }>> {
    await this.flush(1);
    for (const name of PartName.options) this.#writers[name].channel.end();
    const stored = async (name: PartName) => ({
      ...(await this.#writers[name].blob),
      rows: this.#writers[name].rows,
    });
    const [train, selection, report] = await Promise.all([stored('train'), stored('selection'), stored('report')]);
    return { train, selection, report };
  }

  /** Lets all stores fail with the error and waits for them to let go. */
  async abandon(error: unknown): Promise<void> {
    for (const name of PartName.options) this.#writers[name].channel.fail(error);
    await Promise.allSettled(PartName.options.map((name) => this.#writers[name].blob));
  }

  /** A store that failed says why; its channel only knows that nobody reads. */
  async #send(writer: Writer, piece: Uint8Array): Promise<void> {
    try {
      await writer.channel.send(piece);
    } catch (error) {
      await writer.blob;
      throw error;
    }
  }
}
