import { printable } from '@ec2-image/redact';
import { FetchError } from '../errors.ts';
import { urlNames } from '../image-names.ts';
import { parseSource, parseSources } from '../source.ts';

const signatureExtension = /\.(?:asc|sig|gpg|sign)$/i;

export interface SignedFileOptions {
  readonly signatureUrl: string;
  /** Of mirrors all. */
  readonly imageUrl: string | readonly string[];
  /** Undefined where the digest was given. */
  readonly checksumUrl?: string | readonly string[];
}

/**
 * Which file a detached signature is of. By its name: `disk.qcow2.sig` is that of `disk.qcow2`, `SHA256SUMS.gpg` that of
 * `SHA256SUMS`. Where there is no checksum file it is the image's, whatever its name.
 *
 * @throws FetchError `SIGNATURE_OF_ANOTHER_FILE`, `BAD_URL`
 */
export function signedFile({ signatureUrl, imageUrl, checksumUrl }: SignedFileOptions): 'image' | 'checksum' {
  const signature = parseSource(signatureUrl);
  if (checksumUrl === undefined) return 'image';
  const [ownName = ''] = urlNames(signature);
  const name = ownName.replace(signatureExtension, '');
  const isOf = (url: string | readonly string[]) =>
    name !== ownName && parseSources(url).some((source) => urlNames(source).includes(name));
  if (isOf(checksumUrl)) return 'checksum';
  if (isOf(imageUrl)) return 'image';
  throw new FetchError(
    'SIGNATURE_OF_ANOTHER_FILE',
    `the signature ${printable(ownName, { maxLength: 200 })} belongs neither to the image nor to the checksum file, by its name`,
    {
      hint: 'Its name is that of the file it signs, with .asc, .sig, .gpg or .sign after it; with --sha256 or --sha512 it is taken for the signature of the image.',
      facts: { url: signature.shown },
    },
  );
}
