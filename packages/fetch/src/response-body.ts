import type { Dispatcher } from 'undici';

/** As much may wait unread before the connection is paused. */
const highWaterBytes = 256 * 1024;

/** The body of an answer, to be read once or discarded. All that arrived is handed on before the error that ended it is thrown. */
export class ResponseBody implements AsyncIterable<Buffer> {
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] = [];
  #unreadBytes = 0;
  #ended: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  attach(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(asError(this.#ended.error));
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes >= highWaterBytes) this.#controller?.pause();
    this.#wake?.();
  }

  /** The body has ended. */
  end(error?: unknown): void {
    this.#ended ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  /** Closes the connection. Who still reads gets `reason`. */
  abort(reason: unknown): void {
    if (this.#ended) return;
    this.end(reason);
    this.#controller?.abort(asError(reason));
  }

  /** Closes the connection: nobody is going to read. */
  discard(): void {
    this.#chunks = [];
    this.abort(new Error('the rest of the response is not needed'));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) {
          this.#unreadBytes -= chunk.length;
          if (this.#unreadBytes < highWaterBytes) this.#controller?.resume();
          yield chunk;
        } else if (this.#ended) {
          if (this.#ended.error !== undefined) throw this.#ended.error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.discard();
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
