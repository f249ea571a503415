import type { PartialFile } from './partial-file.ts';

/** Large enough that a write costs little, small enough that a kill loses little and sixteen writers cost little. */
const bufferBytes = 512 * 1024;

/**
 * Writes consecutive bytes into a partial file from two buffers: one fills while the other is being written. A slow
 * connection's bytes are written as they come.
 */
export class RangeWriter {
  readonly #file: PartialFile;
  /** Where the buffer that fills belongs. */
  #offset: number;
  #filling = Buffer.allocUnsafe(bufferBytes);
  #spare = Buffer.allocUnsafe(bufferBytes);
  #filled = 0;
  #writing: Promise<void> | undefined;
  #failure: { cause: unknown } | undefined;

  constructor({ file, offset }: { readonly file: PartialFile; readonly offset: number }) {
    this.#file = file;
    this.#offset = offset;
  }

  /** Where the next byte goes. */
  get offset(): number {
    return this.#offset + this.#filled;
  }

  async add(chunk: Buffer): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      if (this.#filled === bufferBytes) await this.#writing;
      if (this.#failure) throw this.#failure.cause;
      const copied = chunk.copy(this.#filling, this.#filled, taken);
      taken += copied;
      this.#filled += copied;
      this.#writing ??= this.#write();
    }
  }

  /** Everything added is in the file. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#failure) throw this.#failure.cause;
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
      this.#writing = this.#filled > 0 ? this.#write() : undefined;
    } catch (cause) {
      this.#failure = { cause };
      this.#writing = undefined;
    }
  }
}
