import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Digest, type DigestAlgorithm, digestOf } from '@ec2-image/provenance';

const readBytes = 2 ** 20;

/**
 * The hash of a file that is still being written, not necessarily from front to back.
 *
 * What arrives exactly where the hash stands is hashed from memory; what was there before, and what came out of order, is read
 * back behind the writers as soon as no gap is left in front of it.
 */
export class InOrderHash {
  readonly #algorithm: DigestAlgorithm;
  readonly #file: FileHandle;
  #hash: Hash;
  #position = 0;
  /** How far the file is whole. */
  #end = 0;
  #reading: Promise<void> | undefined;
  #failure: { cause: unknown } | undefined;

  constructor({ algorithm, file }: { readonly algorithm: DigestAlgorithm; readonly file: FileHandle }) {
    this.#algorithm = algorithm;
    this.#file = file;
    this.#hash = createHash(algorithm);
  }

  /** The file is whole up to `end`; `written` is what just came to stand at `offset`. */
  advance({
    end,
    offset,
    written,
  }: {
    readonly end: number;
    readonly offset?: number;
    readonly written?: Buffer;
  }) {
    this.#end = end;
    if (this.#reading) return;
    if (written && offset === this.#position) {
      this.#hash.update(written);
      this.#position += written.length;
    }
    if (this.#position < end) this.#reading = this.#catchUp();
  }

  /** The file is empty again. */
  async restart(): Promise<void> {
    await this.stop();
    this.#hash = createHash(this.#algorithm);
    this.#position = 0;
    this.#failure = undefined;
  }

  /** Of all that was announced. Ends the hash. */
  async digest({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Digest> {
    const stop = () => void this.stop();
    signal?.addEventListener('abort', stop);
    await this.#reading;
    signal?.removeEventListener('abort', stop);
    signal?.throwIfAborted();
    if (this.#failure) throw this.#failure.cause;
    return digestOf(this.#algorithm, this.#hash.digest('hex'));
  }

  /** Resolves when nothing reads from the file any more, wherever it stands. */
  async stop(): Promise<void> {
    this.#end = 0;
    await this.#reading;
  }

  async #catchUp(): Promise<void> {
    const buffer = Buffer.allocUnsafe(readBytes);
    try {
      while (this.#position < this.#end) {
        const length = Math.min(buffer.length, this.#end - this.#position);
        const { bytesRead } = await this.#file.read(buffer, 0, length, this.#position);
        if (bytesRead === 0) throw new Error('the file became shorter while ec2-image read it');
        this.#hash.update(buffer.subarray(0, bytesRead));
        this.#position += bytesRead;
      }
    } catch (cause) {
      this.#failure = { cause };
    }
    this.#reading = undefined;
  }
}
