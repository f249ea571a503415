import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Control, controlPrefix, createControl } from './control.ts';
import { type DispatchOptions, dispatch } from './dispatch.ts';

export interface ListeningServer {
  readonly host: string;
  readonly port: number;
  /** Resets every connection, and resolves once no call is running any more. */
  close(): Promise<void>;
}

// Longer than any client keeps an idle connection: one closed under a request just sent looks like a fault to it.
const keepAliveTimeoutMs = 120_000;

/** Rejects with Node's own error where it cannot listen (`EADDRINUSE`). */
export async function listen({
  host,
  port,
  readVolume,
  ...options
}: DispatchOptions & { host: string; port: number } & Pick<Control, 'readVolume'>): Promise<ListeningServer> {
  const running = new Set<Promise<void>>();
  const control = createControl({ ...options, readVolume });

  function track(work: Promise<void>): void {
    running.add(work);
    work.finally(() => running.delete(work));
  }
  function handle(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    // A client that leaves in mid-body is told of through the response; an error without a listener would end the process.
    message.on('error', () => {});
    if (message.url?.startsWith(controlPrefix)) {
      if (expectsContinue) response.writeContinue();
      track(control(message, response));
    } else {
      track(dispatch({ message, response, expectsContinue }, options));
    }
  }

  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs, requestTimeout: 0 });
  server.on('request', (message, response) => handle(message, response, false));
  server.on('checkContinue', (message, response) => handle(message, response, true));
  await opened(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    host: address.address,
    port: address.port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(running);
    },
  };
}

function opened(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
