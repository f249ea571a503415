import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { amzDate, scopedTo } from './raw.ts';

/** Begins to put an object: half of it is sent, and the rest never. The connection stays open to the end of the test. */
export async function sendHalf(
  url: string,
  { target, sizeBytes }: { readonly target: string; readonly sizeBytes: number },
): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  // A server that is closed resets it.
  socket.on('error', () => {});
  await once(socket, 'connect');
  const head = [
    `PUT ${target} HTTP/1.1`,
    'host: localhost',
    `authorization: ${scopedTo('s3')}`,
    `x-amz-date: ${amzDate()}`,
    'x-amz-content-sha256: UNSIGNED-PAYLOAD',
    `content-length: ${sizeBytes}`,
    '\r\n',
  ].join('\r\n');
  await new Promise<void>((resolve) => {
    socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(sizeBytes / 2, 'half ')]), () => resolve());
  });
  return socket;
}
