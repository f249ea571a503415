import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './self-signed.ts';

export interface ForwardProxyOptions {
  /** `user:password`, without which every request is answered with 407. */
  readonly credentials?: string;
  /** Makes it a proxy that is itself reached by TLS. */
  readonly certificate?: Certificate;
  /** Where connections go, whomever they are for; default: to whom they are for. */
  readonly to?: (host: string) => { readonly port: number } | undefined;
}

/** A forward proxy on loopback that counts: `CONNECT` for https, the absolute form for http. */
export interface ForwardProxy extends AsyncDisposable {
  readonly url: string;
  /** `host:port` of each tunnel that was asked for, in order, refused ones among them. */
  readonly tunnels: readonly string[];
  /** The URL of each plain request, in order. */
  readonly requests: readonly string[];
  /** The status of every answer from now on, or of those to hosts that match; 200 lets through again, 0 says nothing. */
  answer(status: number, hosts?: RegExp): void;
}

export async function startForwardProxy({
  credentials,
  certificate,
  to,
}: ForwardProxyOptions = {}): Promise<ForwardProxy> {
  const tunnels: string[] = [];
  const requests: string[] = [];
  const open = new Set<Duplex>();
  let set: { readonly status: number; readonly hosts?: RegExp | undefined } = { status: 200 };
  const expected =
    credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  const refusal = ({ headers, url = '' }: IncomingMessage) => {
    if (set.status !== 200 && (set.hosts?.test(url) ?? true)) return set.status;
    return expected === undefined || headers['proxy-authorization'] === expected ? undefined : 407;
  };
  const server: Server = certificate ? createTlsServer(certificate) : createServer();
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    requests.push(incoming.url ?? '');
    const refused = refusal(incoming);
    if (refused === 0) return;
    if (refused !== undefined) return outgoing.writeHead(refused).end();
    forward(incoming, outgoing, to?.(new URL(incoming.url ?? '').host)?.port);
  });
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    const target = incoming.url ?? '';
    tunnels.push(target);
    open.add(client.on('error', () => client.destroy()));
    const refused = refusal(incoming);
    if (refused === 0) return;
    if (refused !== undefined) return client.end(`HTTP/1.1 ${refused} Refused\r\ncontent-length: 0\r\n\r\n`);
    open.add(tunnel({ client, head, target, port: to?.(target)?.port }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${certificate ? 'https://localhost' : 'http://127.0.0.1'}:${(server.address() as AddressInfo).port}`,
    tunnels,
    requests,
    answer(status, hosts) {
      set = { status, hosts };
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      for (const socket of open) socket.destroy();
    },
  };
}

function tunnel({
  client,
  head,
  target,
  port,
}: {
  readonly client: Duplex;
  readonly head: Buffer;
  readonly target: string;
  readonly port: number | undefined;
}): Socket {
  const { hostname, port: own } = new URL(`https://${target}`);
  const server = connect(
    port === undefined ? { host: hostname, port: Number(own || 443) } : { host: '127.0.0.1', port },
  );
  server.on('connect', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    server.write(head);
    client.pipe(server).pipe(client);
  });
  server.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'));
  client.on('close', () => server.destroy());
  return server;
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, port: number | undefined): void {
  const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers;
  const url = new URL(incoming.url ?? '');
  const onward = request(
    port === undefined
      ? { host: url.hostname, port: url.port, path: url.pathname + url.search }
      : { host: '127.0.0.1', port, path: url.pathname + url.search },
  );
  onward.method = incoming.method ?? 'GET';
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) onward.setHeader(name, value);
  onward.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.writeHead(502).end());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
