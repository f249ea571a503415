import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAwsChunked } from '../../src/s3/body/aws-chunked.ts';

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(framed: Buffer | string, size = 1024) {
  const trailers = new Map<string, string>();
  const chunks: Buffer[] = [];
  const source = cut(Buffer.from(framed), size);
  const onTrailers = (received: ReadonlyMap<string, string>) => {
    for (const [name, value] of received) trailers.set(name, value);
  };
  for await (const chunk of decodeAwsChunked(source, { onTrailers })) chunks.push(chunk);
  return { data: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) };
}

function frame(chunks: readonly Uint8Array[], trailers = ''): Buffer {
  const framed = chunks.flatMap((chunk) => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']);
  return Buffer.concat([...framed, `0\r\n${trailers}\r\n`].map((piece) => Buffer.from(piece)));
}

test('whatever was framed comes out, however the network cuts it', async () => {
  const chunk = fc.uint8Array({ minLength: 1, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk), fc.integer({ min: 1, max: 70 }), async (chunks, size) => {
      const { data } = await decode(frame(chunks), size);
      expect(data.equals(Buffer.concat(chunks))).toBe(true);
    }),
  );
});

describe('the ways in which clients end a body', () => {
  test.each([
    ['nothing behind it', '5\r\nhello\r\n0\r\n\r\n', {}],
    ['no empty line', '5\r\nhello\r\n0\r\n', {}],
    [
      'a trailer',
      '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n',
      { 'x-amz-checksum-crc32': 'NhCmhg==' },
    ],
    [
      'a trailer and line feeds',
      '5\nhello\n0\nX-Amz-Checksum-Crc32: NhCmhg==\n\n',
      { 'x-amz-checksum-crc32': 'NhCmhg==' },
    ],
    [
      'signatures, which nobody checks without the secret',
      `5;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n0;chunk-signature=${'1'.repeat(64)}\r\nx-amz-checksum-sha1:abc=\r\nx-amz-trailer-signature:00\r\n\r\n`,
      { 'x-amz-checksum-sha1': 'abc=' },
    ],
  ])('%s', async (_, framed, trailers) => {
    expect(await decode(framed)).toEqual({ data: Buffer.from('hello'), trailers });
  });
});

describe('a body that is not what it should be', () => {
  test.each([
    ['cut in a chunk', '5\r\nhel', 'IncompleteBody'],
    ['cut behind a chunk', '5\r\nhello\r\n', 'IncompleteBody'],
    ['empty', '', 'IncompleteBody'],
    ['cut in a trailer', '0\r\nx-amz-checksum-crc32:Nh', 'IncompleteBody'],
    ['longer than its chunk says', '5\r\nhello!\r\n0\r\n\r\n', 'IncompleteBody'],
    ['without framing', 'hello\r\n', 'InvalidRequest'],
    ['with a size that is none', '-5\r\nhello\r\n0\r\n\r\n', 'InvalidRequest'],
    ['with a line that never ends', 'a'.repeat(40_000), 'InvalidRequest'],
    ['with a trailer that is none', '0\r\nhello\r\n\r\n', 'MalformedTrailerError'],
  ])('%s', async (_, framed, code) => {
    await expect(decode(framed)).rejects.toMatchObject({ code });
  });
});
