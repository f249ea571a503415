/**
 * Serves one file, ranges included: `file-server.ts FILE [BYTES_PER_SECOND]`, the limit that of each connection, as
 * many mirrors have it. Prints its URL, and for each answer the time when its last byte was sent, in milliseconds since 1970.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

const [path = '', limit] = process.argv.slice(2);
const bytesPerSecond = limit === undefined ? undefined : Number(limit);
const { size } = statSync(path);

const server = createServer(async (request, response) => {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, size) : size;
  response.writeHead(range ? 206 : 200, {
    etag: '"1"',
    'accept-ranges': 'bytes',
    'content-length': end - start,
    ...(range && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const bytes = createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 });
  const sending =
    bytesPerSecond === undefined
      ? pipeline(bytes, response)
      : pipeline(bytes, paced(bytesPerSecond), response);
  // A client that leaves is its own affair.
  await sending.then(
    () => console.log(Date.now()),
    () => {},
  );
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${basename(path)}`);
});

function paced(bytesPerSecond: number): Transform {
  const startedAt = performance.now();
  let sent = 0;
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      const dueMs = (sent / bytesPerSecond) * 1000;
      const aheadMs = dueMs - (performance.now() - startedAt);
      if (aheadMs > 5) await delay(aheadMs);
      done(null, chunk);
    },
  });
}
