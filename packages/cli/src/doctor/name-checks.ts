import { findObject } from '@ec2-image/s3-upload';
import type { Cloud } from '../aws/cloud.ts';
import type { Clouds } from '../aws/clouds.ts';
import { amiNameFor } from '../pipeline/ami-name.ts';
import { encryptionFor } from '../pipeline/encryption.ts';
import { type Finding, objectLocation, objectUrl } from '../pipeline/run.ts';
import { findAmiByName } from '../pipeline/rungs/ami.ts';
import { type CheckReport, check } from './report.ts';
import type { FoundSource } from './source-checks.ts';

/**
 * What an import checks before it downloads the image: whether another AMI has the name of its AMI, and something else the key of
 * its object. None where the account cannot be reached, which is said elsewhere.
 */
export async function checkNames(
  source: FoundSource,
  { clouds, signal }: { readonly clouds: Clouds; readonly signal: AbortSignal },
): Promise<CheckReport[]> {
  const { request } = source;
  const cloud = await clouds.open(request.session).catch(() => undefined);
  signal.throwIfAborted();
  if (!cloud) return [];
  const found: { run?: Finding; isMade?: boolean } = {};
  const ami = await check(`AMI name of ${request.name}`, async () => {
    found.run = await findingOf(source, { cloud, signal });
    const { usable: own } = await findAmiByName(found.run);
    found.isMade = own !== undefined;
    return { state: 'ok', detail: own ? `${own.imageId} is made of this image` : found.run.amiName };
  });
  const { run, isMade } = found;
  // Only an import that makes its AMI has an object.
  if (!run || isMade || request.bucket === undefined) return [ami];
  const object = await check(`object key of ${request.name}`, async () => {
    const location = objectLocation(run);
    await findObject({ ...location, refuseForeign: true });
    return { state: 'ok', detail: objectUrl(location) };
  });
  return [ami, object];
}

/** As the import would find. */
async function findingOf(
  { request, digest }: FoundSource,
  { cloud, signal }: { readonly cloud: Cloud; readonly signal: AbortSignal },
): Promise<Finding> {
  const notice = () => {};
  const startedAt = new Date(cloud.connection.clock.now());
  return {
    ...{ request, cloud, digest, signal, notice },
    resumes: false,
    amiName: amiNameFor(request, { digest, startedAt }),
    encryption: await encryptionFor({ request, cloud, view: { notice }, signal }),
    known: { digest },
  };
}
