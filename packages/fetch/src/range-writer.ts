import type { PartialFile } from './partial-file.ts';

/** Large enough that a write costs little, small enough that a kill loses little and sixteen writers cost little. */
const maxBufferBytes = 512 * 1024;
/** What is worth a write and a line in the journal: a fast connection would bring some 64 KiB for each. */
const writeBytes = maxBufferBytes / 2;
/** How long less may wait for more. */
const writeAfterMs = 20;

/**
 * Writes consecutive bytes into a partial file from two buffers: one fills while the other is being written. A slow
 * connection's bytes are written soon after they come.
 */
export class RangeWriter {
  readonly #file: PartialFile;
  /** Where the buffer that fills belongs. */
  #offset: number;
  #filling: Buffer;
  #spare: Buffer;
  #filled = 0;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: { cause: unknown } | undefined;

  /** @param options.length of all that comes, in bytes, where it is known */
  constructor({
    file,
    offset,
    length = Number.POSITIVE_INFINITY,
  }: {
    readonly file: PartialFile;
    readonly offset: number;
    readonly length?: number | undefined;
  }) {
    this.#file = file;
    this.#offset = offset;
    const bufferBytes = Math.min(length, maxBufferBytes);
    this.#filling = Buffer.allocUnsafe(bufferBytes);
    this.#spare = Buffer.allocUnsafe(bufferBytes);
  }

  /** Where the next byte goes. */
  get offset(): number {
    return this.#offset + this.#filled;
  }

  async add(chunk: Buffer): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      if (this.#filled === this.#filling.length) await this.#writing;
      if (this.#failure) throw this.#failure.cause;
      const copied = chunk.copy(this.#filling, this.#filled, taken);
      taken += copied;
      this.#filled += copied;
      this.#writeSoon();
    }
  }

  /** Everything added is in the file. Nothing can be added afterwards. */
  async flush(): Promise<void> {
    while (!this.#failure && (this.#writing || this.#filled > 0)) {
      this.#writeNow();
      await this.#writing;
    }
    if (this.#failure) throw this.#failure.cause;
  }

  #writeSoon(): void {
    if (this.#writing || this.#filled === 0) return;
    if (this.#filled >= Math.min(writeBytes, this.#filling.length)) this.#writeNow();
    else this.#timer ??= setTimeout(() => this.#writeNow(), writeAfterMs);
  }

  #writeNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#write();
  }

  /** Never rejects; resolves when the spare buffer is free again. */
  async #write(): Promise<void> {
    const data = this.#filling.subarray(0, this.#filled);
    const offset = this.#offset;
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#offset += data.length;
    this.#filled = 0;
    try {
      await this.#file.write(data, offset);
    } catch (cause) {
      this.#failure = { cause };
    }
    this.#writing = undefined;
    if (!this.#failure) this.#writeSoon();
  }
}
