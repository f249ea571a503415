import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificate } from './self-signed.ts';

/** Takes TLS off connections and passes them on: an emulator behind it is reached by https. */
export interface TlsTerminator extends AsyncDisposable {
  readonly port: number;
  /** The names that clients asked for, in order of their connections. */
  readonly servernames: readonly string[];
}

/** @param options.port of this machine, where plain connections go */
export async function startTlsTerminator({
  certificate,
  port,
}: {
  readonly certificate: Certificate;
  readonly port: number;
}): Promise<TlsTerminator> {
  const servernames: string[] = [];
  const open = new Set<TLSSocket>();
  const server = createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (client) => {
    servernames.push(String(client.servername || ''));
    open.add(client);
    const plain = connect({ host: '127.0.0.1', port });
    plain.on('error', () => client.destroy());
    client.on('error', () => plain.destroy());
    client.on('close', () => {
      open.delete(client);
      plain.destroy();
    });
    plain.on('close', () => client.destroy());
    client.pipe(plain).pipe(client);
  });
  // A client that does not trust the certificate leaves in the handshake.
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    servernames,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
