/**
 * What has been opened, closed in reverse order; what opens several things at once closes those it has where one fails.
 * `AsyncDisposableStack`, which Node has from release 24 on, in what is needed of it.
 */
export class Resources implements AsyncDisposable {
  #opened: AsyncDisposable[] = [];

  /** Closes `resource` with the others. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.#opened.push(resource);
    return resource;
  }

  /** All of them in new hands: disposing of these ones closes nothing any more. */
  move(): Resources {
    const moved = new Resources();
    moved.#opened = this.#opened;
    this.#opened = [];
    return moved;
  }

  /** Closes all, also where closing one fails; that failure is thrown in the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const last = this.#opened.pop();
    if (!last) return;
    try {
      await last[Symbol.asyncDispose]();
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }
}
