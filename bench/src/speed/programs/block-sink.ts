/**
 * EBS direct, answered as it must be and kept nowhere, over TLS: `block-sink.ts CERTIFICATE` puts its certificate there and
 * prints its URL. It stands for a service that is elsewhere, but shares the cores with the client that is measured: so it
 * reads requests by itself, without the objects that an HTTP server makes for each 16 KiB of a body.
 */
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { selfSigned } from '@ec2-image/local-aws/testing';

const snapshotId = 'snap-0123456789abcdef0';
const [certificatePath = 'sink.pem'] = process.argv.slice(2);
const certificate = selfSigned();
writeFileSync(certificatePath, certificate.cert);
const server = createServer(certificate, serve);
server.listen(0, '127.0.0.1', () => {
  console.log(`https://localhost:${(server.address() as AddressInfo).port}`);
});

/** One request after the other, as HTTP/1.1 clients send them that wait for each answer. */
function serve(socket: TLSSocket): void {
  let received = '';
  let bodyBytes = 0;
  let answer: string | undefined;
  socket.on('error', () => socket.destroy());
  socket.on('data', (piece: Buffer) => {
    let taken = piece.length;
    if (answer === undefined) {
      received += piece.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = received.slice(0, end + 2);
      taken = received.length - end - 4;
      answer = answerTo(head);
      bodyBytes = Number(headerOf(head, 'content-length') ?? 0);
      received = '';
    }
    bodyBytes -= taken;
    if (bodyBytes > 0) return;
    socket.write(answer, 'latin1');
    answer = undefined;
  });
}

function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`\r\n${name}: *([^\r]*)`, 'i').exec(head)?.[1];
}

function answerTo(head: string): string {
  if (head.startsWith('PUT '))
    return answerOf('201 Created', {
      'x-amz-checksum': headerOf(head, 'x-amz-checksum'),
      'x-amz-checksum-algorithm': 'SHA256',
    });
  if (head.startsWith('POST /snapshots '))
    return answerOf(
      '201 Created',
      { 'content-type': 'application/json' },
      JSON.stringify({ SnapshotId: snapshotId, Status: 'pending', BlockSize: 524_288 }),
    );
  if (head.startsWith('POST /snapshots/'))
    return answerOf('202 Accepted', { 'content-type': 'application/json' }, '{"Status":"pending"}');
  // EC2's DescribeSnapshots.
  return answerOf(
    '200 OK',
    { 'content-type': 'text/xml' },
    `<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>${snapshotId}</snapshotId><status>completed</status></item></snapshotSet></DescribeSnapshotsResponse>`,
  );
}

function answerOf(status: string, headers: Readonly<Record<string, string | undefined>>, body = ''): string {
  const lines = Object.entries({ ...headers, 'content-length': body.length }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`;
}
