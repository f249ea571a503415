import { findObject } from '@ec2-image/s3-upload';
import type { Cloud } from '../aws/cloud.ts';
import type { Clouds } from '../aws/clouds.ts';
import { findAmiName } from '../pipeline/begun-name.ts';
import { encryptionFor } from '../pipeline/encryption.ts';
import { type Finding, objectLocation, objectUrl } from '../pipeline/run.ts';
import { findAmiByName } from '../pipeline/rungs/ami.ts';
import { type CheckReport, check } from './report.ts';
import type { FoundSource } from './source-checks.ts';

export interface CheckedNames {
  readonly reports: readonly CheckReport[];
  /** Of the AMI that is made of the image already. */
  readonly imageId?: string | undefined;
}

/**
 * What an import checks before it downloads the image: whether another AMI has the name of its AMI, and something else the key of
 * its object. None where the account cannot be reached, which is said elsewhere.
 */
export async function checkNames(
  source: FoundSource,
  { clouds, signal }: { readonly clouds: Clouds; readonly signal: AbortSignal },
): Promise<CheckedNames> {
  const { request } = source;
  const cloud = await clouds.open(request.session).catch(() => undefined);
  signal.throwIfAborted();
  if (!cloud) return { reports: [] };
  const found: { run?: Finding; imageId?: string } = {};
  const ami = await check(`AMI name of ${request.name}`, async () => {
    found.run = await findingOf(source, { cloud, signal });
    const { usable: own } = await findAmiByName(found.run);
    found.imageId = own?.imageId;
    return { state: 'ok', detail: own ? `${own.imageId} is made of this image` : found.run.amiName };
  });
  const { run, imageId } = found;
  // Only an import that makes its AMI has an object.
  if (!run || imageId !== undefined || request.bucket === undefined) return { reports: [ami], imageId };
  const object = await check(`object key of ${request.name}`, async () => {
    const location = objectLocation(run);
    await findObject({ ...location, refuseForeign: true });
    return { state: 'ok', detail: objectUrl(location) };
  });
  return { reports: [ami, object] };
}

/** As the import would find. */
async function findingOf(
  { request, digest }: FoundSource,
  { cloud, signal }: { readonly cloud: Cloud; readonly signal: AbortSignal },
): Promise<Finding> {
  const startedAt = new Date(cloud.connection.clock.now());
  const notice = () => {};
  const finding = { request, cloud, digest, signal, notice, resumes: false };
  return {
    ...finding,
    amiName: await findAmiName({ ...finding, startedAt }, 'images'),
    encryption: await encryptionFor({ request, cloud, view: { notice }, signal }),
    known: { digest },
  };
}
