import { readChecksum } from '@ec2-image/fetch';
import type { Digest } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { showLink } from './chain.ts';
import type { ImportJob, Known } from './run.ts';
import { signedBy } from './signer.ts';

/** What identifies the image: given, or read from its checksum file. */
export async function publishedDigest(
  { request, cloud, signal, view }: Pick<ImportJob, 'request' | 'cloud' | 'signal' | 'view'>,
  known: Known,
): Promise<Digest> {
  const { checksum, urls, allowInsecureChecksum, trust } = request;
  const link = { from: 'publisher', to: 'digest' } as const;
  if ('digest' in checksum) {
    showLink({ cloud, known }, { ...link, shownBy: 'given to this run', value: checksum.digest });
    return checksum.digest;
  }
  const onNotice = (message: string) => view.notice(message, request.name);
  const { digest, signer } = await readChecksum({
    url: checksum.url,
    imageUrl: urls,
    entry: checksum.entry,
    allowInsecure: allowInsecureChecksum,
    trust,
    signS3: cloud.signS3,
    signal,
    onNotice,
  });
  if (signer) {
    onNotice(signedBy('checksum file', signer));
    // Whoever gives the signature of the image wants that one.
    if (trust?.signs !== 'image') known.signedBy = signer.fingerprint;
  }
  const signature = signer ? `, ${signedBy('checksum file', signer)}` : '';
  const shownBy = `published at ${redactUrl(checksum.url)}${signature}`;
  showLink({ cloud, known }, { ...link, shownBy, value: digest });
  return digest;
}
