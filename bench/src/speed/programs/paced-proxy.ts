/**
 * Passes connections on to a port of this machine: `paced-proxy.ts PORT BYTES_PER_SECOND`, the limit that of all that the
 * clients send together, as an uplink has it. Prints its URL.
 */
import { type AddressInfo, connect, createServer } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

const [port, limit] = process.argv.slice(2).map(Number) as [number, number];

/** When the line is free again. */
let freeAt = 0;

function paced(): Transform {
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      const now = performance.now();
      freeAt = Math.max(freeAt, now) + (chunk.length / limit) * 1000;
      if (freeAt - now > 5) await delay(freeAt - now);
      done(null, chunk);
    },
  });
}

const server = createServer({ allowHalfOpen: true }, (client) => {
  const service = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  // A client that leaves is its own affair.
  pipeline(client, paced(), service).catch(() => client.destroy());
  pipeline(service, client).catch(() => service.destroy());
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
