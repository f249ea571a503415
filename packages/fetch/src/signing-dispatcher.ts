import { Dispatcher } from 'undici';

/** A GET of an object, as it is to be sent: to where, and with which headers beside those that were asked for. */
export interface SignedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs the GET of an object, or of a range of it. Called for each request, since signatures expire. */
export type SignS3Request = (request: {
  readonly bucket: string;
  readonly key: string;
  /** The value of a Range header. */
  readonly range?: string;
}) => Promise<SignedRequest>;

/** Sends requests for `s3://bucket/key` to where a signer says, with its signature; all others as they are. */
export class SigningDispatcher extends Dispatcher {
  readonly #inner: Dispatcher;
  readonly #sign: SignS3Request;

  constructor(inner: Dispatcher, sign: SignS3Request) {
    super();
    this.#inner = inner;
    this.#sign = sign;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const bucket = /^s3:\/\/(.+)$/.exec(String(options.origin))?.[1];
    if (bucket === undefined) return this.#inner.dispatch(options, handler);
    const headers = options.headers as Readonly<Record<string, string>>;
    const key = decodeURIComponent(options.path.slice(1));
    this.#sign({ bucket, key, range: headers.range }).then(
      (signed) =>
        this.#inner.dispatch(
          {
            ...options,
            origin: signed.url.origin,
            path: signed.url.pathname + signed.url.search,
            headers: { ...headers, ...signed.headers },
          },
          handler,
        ),
      (error: Error) => handler.onResponseError?.(notStarted, error),
    );
    return true;
  }

  override close(): Promise<void> {
    return this.#inner.close();
  }

  override destroy(): Promise<void> {
    return this.#inner.destroy();
  }
}

/** Of a request that was never sent: there is nothing to pause or to abort. */
const notStarted: Dispatcher.DispatchController = {
  aborted: true,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort() {},
  pause() {},
  resume() {},
};
