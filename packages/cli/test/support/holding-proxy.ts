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
}

export async function startHoldingProxy(target: string): Promise<HoldingProxy> {
  const held = Promise.withResolvers<void>();
  let plan: { number: number; when: 'before' | 'after' } | undefined;
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    count += 1;
    const here = plan?.number === count ? plan.when : undefined;
    if (here === 'before') return held.resolve();
    pass({ incoming, outgoing, target });
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
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pass({
  incoming,
  outgoing,
  target,
}: {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  target: string;
}): void {
  const { method, headers } = incoming;
  const onward = request(new URL(incoming.url ?? '/', target), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
