import { probeImage, readChecksum, requireSignatureUrl } from '@ec2-image/fetch';
import type { Digest } from '@ec2-image/provenance';
import type { Clouds } from '../aws/clouds.ts';
import { isAuthentic } from '../config/checksum.ts';
import type { ImportRequest, RequestedImport } from '../config/import-request.ts';
import { openTrust, type Trust } from '../config/trust.ts';
import { explain } from '../errors/explain.ts';
import { findSource } from '../pipeline/find-source.ts';
import { formatBytes } from '../render/format.ts';
import { checkKeyring } from './keyring-check.ts';
import { type CheckReport, check, type Finding } from './report.ts';

export interface FoundSource {
  readonly request: ImportRequest;
  readonly digest: Digest;
}

export interface ExaminedSource {
  readonly reports: readonly CheckReport[];
  /** Undefined where the image, or its digest, was not found. */
  readonly found?: FoundSource;
  /** Undefined where the image was not found. */
  readonly urls?: readonly string[];
  /** Where the server tells it. */
  readonly sizeBytes?: number;
}

interface Surroundings {
  readonly signal: AbortSignal;
  readonly clouds: Clouds;
}

type Network = Pick<Parameters<typeof probeImage>[0], 'signal' | 'signS3' | 'maxAttempts'>;

/** That the image is where its URLs say, that its checksum is published, and that it is signed where a keyring is given. */
export async function checkSource(
  requested: RequestedImport,
  { signal, clouds }: Surroundings,
): Promise<ExaminedSource> {
  const { name, trustSettings } = requested;
  const ring = trustSettings && (await checkKeyring({ name, path: trustSettings.keyring }));
  const reports = ring ? [ring] : [];
  // Without a keyring that is of use, the rest is checked as if none were given.
  const trust = ring?.state === 'failed' ? undefined : trustSettings;
  const found: { request?: ImportRequest } = {};
  const search = await check(`image ${name}`, async () => {
    const opened = { ...requested, trustSettings: trust, trust: await openTrust({ ...requested, trust }) };
    found.request = await findSource(opened, { signal, onNotice: () => {} });
    return { state: 'ok', detail: '' };
  });
  const { request } = found;
  if (!request) return { reports: [...reports, search] };
  const { urls, checksum } = request;
  const isOfS3 = [...urls, 'url' in checksum ? checksum.url : ''].some((url) => /^\s*s3:/i.test(url));
  const network = async (): Promise<Network> => ({
    signal,
    maxAttempts: 2,
    ...(isOfS3 && { signS3: (await clouds.open(request.session)).signS3 }),
  });
  const probed: { sizeBytes?: number; digest?: Digest } = {
    ...('digest' in checksum && { digest: checksum.digest }),
  };
  const allowHttpRedirect = isAuthentic(checksum);
  const [image, ...others] = await Promise.all([
    check(`image ${name}`, async () => {
      const { finding, sizeBytes } = await probeMirrors(urls, { ...(await network()), allowHttpRedirect });
      probed.sizeBytes = sizeBytes;
      return finding;
    }),
    ...checkChecksum(request, network, (digest) => {
      probed.digest = digest;
    }),
  ]);
  const { digest, sizeBytes } = probed;
  return {
    reports: [...reports, image, ...others],
    urls,
    ...(digest && { found: { request, digest } }),
    ...(sizeBytes !== undefined && { sizeBytes }),
  };
}

async function probeMirrors(
  urls: readonly string[],
  network: Network & { readonly allowHttpRedirect: boolean },
): Promise<{ readonly finding: Finding; readonly sizeBytes?: number }> {
  const ends = await Promise.all(
    urls.map((url) =>
      probeImage({ ...network, url }).then(
        (found) => ({ found }),
        (error: unknown) => ({ problem: explain(error) }),
      ),
    ),
  );
  network.signal?.throwIfAborted();
  const found = ends.flatMap((end) => ('found' in end ? end.found : []));
  const [problem] = ends.flatMap((end) => ('problem' in end ? end.problem : []));
  const sizeBytes = found.find((one) => one.sizeBytes !== undefined)?.sizeBytes;
  if (!problem) {
    const detail = sizeBytes === undefined ? 'there' : formatBytes(sizeBytes);
    return { finding: { state: 'ok', detail }, sizeBytes };
  }
  const { message: detail, hint } = problem;
  // A mirror that is down is passed over.
  return { finding: { state: found.length > 0 ? 'warning' : 'failed', detail, hint }, sizeBytes };
}

/** The digest, and whose signature vouches for it. */
function checkChecksum(
  request: ImportRequest,
  network: () => Promise<Network>,
  onDigest: (digest: Digest) => void,
): Promise<CheckReport>[] {
  const { name, urls, checksum, allowInsecureChecksum, trust } = request;
  if ('digest' in checksum) {
    return trust
      ? [check(`signature of ${name}`, async () => signatureFinding(request, trust, await network()))]
      : [];
  }
  return [
    check(`checksum of ${name}`, async () => {
      const options = await network();
      const { digest, signer } = await readChecksum({
        ...options,
        url: checksum.url,
        imageUrl: urls,
        entry: checksum.entry,
        allowInsecure: allowInsecureChecksum,
        trust,
      });
      onDigest(digest);
      if (!trust) return { state: 'ok', detail: digest };
      if (signer && trust.signs !== 'image') {
        return { state: 'ok', detail: `${digest}, signed by ${signer.fingerprint}` };
      }
      const { detail } = await signatureFinding(request, trust, options);
      return { state: 'ok', detail: `${digest}; ${detail}` };
    }),
  ];
}

/** A signature of the image itself is verified once that is downloaded: before, it can only be missing. */
async function signatureFinding({ urls }: ImportRequest, trust: Trust, network: Network): Promise<Finding> {
  await probeImage({ ...network, url: requireSignatureUrl(trust, urls[0]!) });
  return { state: 'ok', detail: 'the signature of the image is there' };
}
