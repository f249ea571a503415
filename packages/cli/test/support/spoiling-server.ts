import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface SpoilingServer extends AsyncDisposable {
  readonly url: string;
  /** Whole downloads of the file that were served with a wrong bit. */
  readonly spoilt: number;
}

/** Serves a directory without ranges; the first `times` downloads of `name` come with one bit in the middle flipped. */
export async function serveSpoilt({
  directory,
  name,
  times,
}: {
  readonly directory: string;
  readonly name: string;
  readonly times: number;
}): Promise<SpoilingServer> {
  let spoilt = 0;
  const server = createServer(async (request, response) => {
    const asked = decodeURIComponent(request.url!.slice(1));
    const body = await readFile(join(directory, asked));
    if (asked === name && spoilt < times) {
      spoilt += 1;
      body[body.length >> 1]! ^= 1;
    }
    response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get spoilt() {
      return spoilt;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
