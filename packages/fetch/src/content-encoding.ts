import { promisify } from 'node:util';
import { brotliDecompress, gunzip, type InputType, inflate, zstdDecompress } from 'node:zlib';
import { FetchError } from './errors.ts';

type Decode = (bytes: InputType, options: { maxOutputLength: number }) => Promise<Buffer>;

const decoders: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

/**
 * What a server stored encoded, and sends so although nobody asked for it.
 *
 * @param options.encoding the Content-Encoding header
 * @throws FetchError `CHECKSUM_UNREADABLE`
 */
export async function decodeContent(
  bytes: Buffer,
  {
    encoding = 'identity',
    maxBytes,
    url,
  }: { readonly encoding?: string; readonly maxBytes: number; readonly url: string },
): Promise<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity' || name === '') return bytes;
  const decode = decoders[name];
  const failed = (why: string, cause?: unknown) =>
    new FetchError(
      'CHECKSUM_UNREADABLE',
      `${url} is sent with Content-Encoding "${name.slice(0, 40)}", ${why}`,
      {
        hint: 'Download and decode the file by hand, and give its path as the checksum URL.',
        cause,
        facts: { url, encoding: name.slice(0, 40) },
      },
    );
  if (!decode) throw failed('which is not supported');
  return decode(bytes, { maxOutputLength: maxBytes }).catch((cause: unknown) => {
    throw failed('and cannot be decoded', cause);
  });
}
