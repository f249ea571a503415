import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a server and can stop at a request: before it is passed on, or when its answer has been sent whole. */
export interface HoldingProxy extends AsyncDisposable {
  readonly url: string;
  /** Of the requests so far. */
  readonly count: number;
  /** Resolves when the request of that number, from 1, is there and held. */
  hold(number: number, when: 'before' | 'after'): Promise<void>;
  /** Resolves when so many bytes of a body have been passed on; the rest of it is held. */
  holdAfterBytes(bytes: number): Promise<void>;
}

export async function startHoldingProxy(target: string): Promise<HoldingProxy> {
  const held = Promise.withResolvers<void>();
  let plan: { number: number; when: 'before' | 'after' } | undefined;
  let count = 0;
  let bodyLimit = Number.POSITIVE_INFINITY;
  const server = createServer((incoming, outgoing) => {
    count += 1;
    const here = plan?.number === count ? plan.when : undefined;
    if (here === 'before') return held.resolve();
    pass({ incoming, outgoing, target, bodyLimit, onLimit: held.resolve });
    if (here === 'after') outgoing.on('finish', () => held.resolve());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    hold(number, when) {
      plan = { number, when };
      return held.promise;
    },
    holdAfterBytes(bytes) {
      bodyLimit = bytes;
      return held.promise;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Passage {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: string;
  readonly bodyLimit: number;
  onLimit(): void;
}

function pass({ incoming, outgoing, target, bodyLimit, onLimit }: Passage): void {
  const { method, headers } = incoming;
  const onward = request(new URL(incoming.url ?? '/', target), { method, headers }, async (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    let passed = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        const allowed = chunk.subarray(0, bodyLimit - passed);
        passed += allowed.length;
        if (!outgoing.write(allowed)) await once(outgoing, 'drain');
        if (passed >= bodyLimit) return onLimit();
      }
      outgoing.end();
    } catch {
      // The server broke off, and so does this one.
      outgoing.destroy();
    }
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
