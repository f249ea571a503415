import type { RetryOptions } from '../mirrors.ts';
import type { Signer } from '../signature/judge-signature.ts';
import { signedFile } from '../signature/signed-file.ts';
import { fetchSignature, type Network, signatureMissing, type Trust } from '../signature/trust.ts';
import { verifySignature } from '../signature/verify-signature.ts';
import type { Source } from '../source.ts';
import type { ClearSigned } from './clear-signed.ts';

/**
 * Who signed a checksum file: in it, or beside it. Undefined where it is the image that is signed.
 *
 * @throws FetchError `SIGNATURE_*`
 */
export async function checksumSigner(
  {
    source,
    content,
    clearSigned,
  }: { readonly source: Source; readonly content: Buffer; readonly clearSigned?: ClearSigned },
  {
    imageUrl,
    url,
    trust: { keyring, signatureUrl },
    network,
    ...retry
  }: RetryOptions & {
    readonly imageUrl: string | readonly string[];
    readonly url: string | readonly string[];
    readonly trust: Trust;
    readonly network: Network;
  },
): Promise<Signer | undefined> {
  const { shown } = source;
  const { now } = network;
  const isDetached =
    signatureUrl !== undefined && signedFile({ signatureUrl, imageUrl, checksumUrl: url }) === 'checksum';
  const inside =
    clearSigned &&
    (await verifySignature({
      signature: clearSigned.signature,
      signatureUrl: shown,
      signed: shown,
      bytes: () => withoutTrailingBlanks(clearSigned.signed),
      isText: true,
      keyring,
      now,
    }));
  if (isDetached) {
    const detached = await fetchSignature({ ...retry, url: signatureUrl, network });
    return verifySignature({
      signature: detached.content,
      signatureUrl: detached.source.shown,
      signed: shown,
      bytes: () => content,
      keyring,
      now,
    });
  }
  if (inside || signatureUrl !== undefined) return inside;
  throw signatureMissing(shown);
}

/** RFC 9580 §7.1: blanks at the end of a line of a clear-signed text are not signed. Nor do its checksums hang on them. */
function withoutTrailingBlanks(text: Buffer): Buffer {
  const lines = text.toString('latin1').split('\n').map(trimmedEnd);
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** A regular expression would try each run of blanks in the line to its end. */
function trimmedEnd(line: string): string {
  let end = line.length;
  while (end > 0 && ' \t\r'.includes(line[end - 1]!)) end--;
  return line.slice(0, end);
}
