import { requireSignatureUrl, type Signer, type VerifiedImage, verifyImageSignature } from '@ec2-image/fetch';
import { provenanceKeys, type Tags } from '@ec2-image/provenance';
import { printable } from '@ec2-image/redact';
import { showLink } from './chain.ts';
import type { IdentifiedRun, ImageRun, ObtainImage } from './run.ts';

/*
 * Where a keyring is given, everything that is used has to be signed by one of its keys. A signed checksum file says so of the
 * digest, and of whatever has it. Of a signed image it is known once the image was read: by this run, or by the one that
 * tagged what it had made with the signer.
 */

/** Whether it is still to be shown that what has this digest is signed. */
export function lacksSigner({ request, known }: Pick<IdentifiedRun, 'request' | 'known'>): boolean {
  return request.trust !== undefined && known.signedBy === undefined;
}

/** Whether this run knows a signer, or an earlier one recorded one of the keyring in these tags. */
export function knowsSigner(run: IdentifiedRun, tags: Tags): boolean {
  const { request, known, notice } = run;
  if (!lacksSigner(run)) return true;
  const recorded = tags[provenanceKeys.signedBy];
  if (recorded === undefined || !request.trust!.keyring.fingerprints.includes(recorded)) return false;
  known.signedBy = recorded;
  notice(`signed by ${recorded}, as its tags record`);
  return true;
}

/** Before something that an earlier run made is used: without a record of its signer, the image is obtained and verified. */
export async function requireSigner(run: ImageRun, tags: Tags, obtainImage: ObtainImage): Promise<void> {
  if (!knowsSigner(run, tags)) await obtainImage(run);
}

/** @throws FetchError `SIGNATURE_MISSING`, before anything is downloaded that could not be verified */
export function requireVerifiable(run: ImageRun): void {
  if (lacksSigner(run)) requireSignatureUrl(run.request.trust!, run.request.urls[0]!);
}

/** @throws FetchError `SIGNATURE_*` */
export async function verifySigner(run: ImageRun, image: VerifiedImage): Promise<void> {
  const { request, view, signal, notice } = run;
  if (!lacksSigner(run)) return;
  view.stage(request.name, 'checksum');
  const signer = await verifyImageSignature({
    image,
    trust: request.trust!,
    signS3: run.cloud.signS3,
    signal,
    onNotice: notice,
    onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
  });
  run.known.signedBy = signer.fingerprint;
  notice(signedBy('image', signer));
  showLink(run, { from: 'publisher', to: 'image', shownBy: signedBy('image', signer) });
}

export function signedBy(what: 'image' | 'checksum file', { fingerprint, userId }: Signer): string {
  const name = userId === undefined ? '' : ` (${printable(userId, { maxLength: 120 })})`;
  return `good signature of the ${what} by ${fingerprint}${name}`;
}
