import { PutParameterCommand } from '@aws-sdk/client-ssm';
import {
  findConsistently,
  isTransient,
  policies,
  refusedCodeOf,
  retry,
  waitUntil,
} from '@ec2-image/aws-call';
import { PublishError } from '../errors.ts';
import { type ParameterValue, readValues } from './read-parameters.ts';
import { createSsm, type Ssm, type SsmOptions } from './ssm.ts';

export interface ParameterEntry {
  readonly name: string;
  /** Of an AMI in the region of the client: available, or SSM does not take it. */
  readonly imageId: string;
}

export interface PutParametersOptions extends SsmOptions {
  /** In this order: the next is put once SSM shows the one before. */
  readonly entries: readonly ParameterEntry[];
}

const dataType = 'aws:ec2:image';

/**
 * Makes SSM parameters of the type `aws:ec2:image` name AMIs. One that names its AMI already is not put. PutParameter answers before
 * SSM has validated the AMI, and a value that fails is never stored: so each is read until it holds its AMI.
 *
 * @throws PublishError `PARAMETER_NOT_APPLIED`, `PARAMETER_CHANGED`, `PARAMETER_REFUSED`; and the codes of a call. The entries after it
 * are as they were.
 */
export async function putParameters({ entries, ...options }: PutParametersOptions): Promise<void> {
  const ssm = createSsm(options);
  for (const entry of entries) {
    const holds = (found: ParameterValue) => found.value === entry.imageId && found.dataType === dataType;
    const read = async () => (await readValues(ssm, [entry.name]))[0]!;
    // What an earlier run has put may show a little later: another put would be a version too many.
    const isSet = await findConsistently(ssm, async () => holds(await read()) || undefined);
    if (isSet) continue;
    const version = await put(ssm, entry);
    await waitUntil(ssm, {
      policy: policies.parameter,
      async ask() {
        const found = await read();
        if (holds(found)) return true;
        if (found.version !== undefined && found.version >= version) throw changed(entry, found);
        return undefined;
      },
      onTimeout: (waitedMs) => notApplied(entry, waitedMs),
    });
  }
}

/** @returns the version that the parameter has once SSM has validated it */
async function put(ssm: Ssm, { name, imageId }: ParameterEntry): Promise<number> {
  const command = new PutParameterCommand({
    Name: name,
    Value: imageId,
    Type: 'String',
    DataType: dataType,
    Overwrite: true,
  });
  try {
    const { Version } = await retry(ssm, {
      policy: policies.putParameter,
      call: () => ssm.send(command),
      isRetryable: (error) => isTransient(error) || refusedCodeOf(error) === 'TooManyUpdates',
    });
    return Version!;
  } catch (error) {
    ssm.signal?.throwIfAborted();
    const code = refusedCodeOf(error);
    if (code === undefined) throw error;
    throw new PublishError('PARAMETER_REFUSED', `SSM did not take ${name}: ${(error as Error).message}`, {
      hint: 'Correct the name that ssm-parameter or ssm-latest gives the parameter.',
      cause: error,
      facts: { parameter: name, imageId },
    });
  }
}

function notApplied({ name, imageId }: ParameterEntry, waitedMs: number): PublishError {
  const seconds = Math.round(waitedMs / 1000);
  return new PublishError(
    'PARAMETER_NOT_APPLIED',
    `SSM took ${imageId} for ${name}, and does not show it after ${seconds} s`,
    {
      hint: 'SSM validates the AMI after it has answered, with your permissions: allow ec2:DescribeImages, and make sure that the AMI is available. EventBridge has the reason ("Parameter Store Change").',
      resumable: true,
      facts: { parameter: name, imageId },
    },
  );
}

function changed({ name, imageId }: ParameterEntry, { value, version }: ParameterValue): PublishError {
  return new PublishError(
    'PARAMETER_CHANGED',
    `${name} was changed to ${value} (version ${version}) while it was set to ${imageId}`,
    {
      hint: 'Make sure that only one run publishes this image, then run the same command again.',
      resumable: true,
      facts: { parameter: name, imageId, value, version },
    },
  );
}
