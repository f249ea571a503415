import type { Image } from '@aws-sdk/client-ec2';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createSender, isAwsCallError } from '@ec2-image/aws-call';
import {
  type ParameterAccess,
  type PublishTarget,
  putParameters,
  type RegionSession,
  readParameters,
} from '@ec2-image/publish';
import type { LimitFunction } from 'p-limit';
import { clientSettings } from '../../aws/clients.ts';
import type { Cloud } from '../../aws/cloud.ts';
import { isAwsManagedKey } from '../../aws/kms-key.ts';
import { callOptions, observeCalls } from '../../aws/observe-calls.ts';
import type { RequestedImport } from '../../config/import-request.ts';
import type { PublishSettings } from '../../config/publish-settings.ts';
import { kmsKeyFor } from '../encryption.ts';
import { parametersOf } from './parameters.ts';
import type { WantedRegion } from './regions.ts';

export interface TargetContext {
  readonly request: RequestedImport;
  readonly settings: PublishSettings;
  /** In the region of the import; undefined before it is there. */
  readonly image?: Image;
  readonly openRegion: (region: string) => Promise<Cloud>;
  /** Bounds the copies that a region makes at a time. */
  readonly copies: (region: string) => LimitFunction;
  readonly signal: AbortSignal;
  readonly notice: (message: string) => void;
}

/**
 * What the AMI is to be in each region, and how that is reached.
 *
 * @throws UsageError `KMS_KEY_MISSING`, `KMS_KEY_ELSEWHERE`
 */
export function targetsOf(regions: readonly WantedRegion[], context: TargetContext): PublishTarget[] {
  const { request, settings, image } = context;
  return regions.map(({ region, required }) => ({
    region,
    required,
    configured: {
      audience: settings.audience,
      deprecateAt: deprecateAt(context),
      protection: request.ami.deregistrationProtection,
      parameters: image ? parametersOf(settings, { request, image, region }) : [],
    },
    ...(request.encryption && { encryption: { kmsKeyId: kmsKeyFor(request, { region }) } }),
    completionMinutes: settings.copyMinutes,
    replace: request.replace,
    parametersOf: (other) =>
      parametersOf(settings, { request, image: other, region }).map(({ name }) => name),
    open: () => openSession(region, context),
  }));
}

function deprecateAt({ settings: { deprecation }, image }: TargetContext): number | undefined {
  if (deprecation === undefined) return undefined;
  return 'at' in deprecation
    ? deprecation.at
    : Date.parse(image?.CreationDate ?? '') + deprecation.seconds * 1000;
}

async function openSession(
  region: string,
  { request, openRegion, copies, signal, notice }: TargetContext,
): Promise<RegionSession> {
  const cloud = await openRegion(region);
  const limit = copies(region);
  const calls = {
    ...cloud.calls,
    pollIntervalMs: request.pollIntervalMs,
    signal,
    onNotice: (message: string) => notice(`${region}: ${message}`),
  };
  return {
    ec2: { ...calls, client: cloud.ec2 },
    account: cloud.account,
    inTurn: (copy) => limit(copy),
    parameters: parameterAccess(cloud, calls),
    publicAmiLimit: () => publicAmiLimit(cloud, signal),
    isAwsKey: (key) => isAwsManagedKey({ connection: cloud.connection, key, signal }),
  };
}

/** Its client is made when it is first called: most AMIs have no parameters, and there is an access for each in each region. */
function parameterAccess(
  { connection }: Cloud,
  calls: Omit<RegionSession['ec2'], 'client'>,
): ParameterAccess {
  let made: SSMClient | undefined;
  const client = () => {
    if (made) return made;
    made = new SSMClient(clientSettings(connection, 'SSM'));
    observeCalls(made, connection);
    return made;
  };
  return {
    read: (names) => readParameters({ ...calls, client: client(), names }),
    put: (entries) => putParameters({ ...calls, client: client(), entries }),
  };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html */
const publicAmiQuota = { ServiceCode: 'ec2', QuotaCode: 'L-0E3CBAB9' };

/** Undefined where it cannot be read: EC2 has the last word then. */
async function publicAmiLimit(cloud: Cloud, signal: AbortSignal): Promise<number | undefined> {
  const { connection } = cloud;
  const client = new ServiceQuotasClient(clientSettings(connection, 'Service Quotas'));
  observeCalls(client, connection);
  const sender = createSender({ ...callOptions(connection), client, service: 'Service Quotas', signal });
  try {
    const { Quota } = await sender.send(new GetServiceQuotaCommand(publicAmiQuota));
    return Quota?.Value;
  } catch (error) {
    if (isAwsCallError(error, 'ACCESS_DENIED', 'AWS_REFUSED')) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
