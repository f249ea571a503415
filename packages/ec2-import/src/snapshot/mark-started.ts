import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { isAboutCredentials, refusedCodeOf } from '@ec2-image/aws-call';
import { formatStartedAt, isOurs, provenanceKeys, tagList } from '@ec2-image/provenance';
import type { Ec2 } from '../ec2/ec2.ts';
import type { ImportTask } from './import-task.ts';

/**
 * EC2 reports no time of an import task, so its start goes into a tag; not with ImportSnapshot, whose token
 * allows nothing that varies between runs. A task runs as well without it: a failure here is only reported. False where
 * EC2 does not know the task everywhere yet: then it is worth another try.
 */
export async function markStarted(ec2: Ec2, { importTaskId, tags = {} }: ImportTask): Promise<boolean> {
  if (!isOurs(tags) || tags[provenanceKeys.startedAt]) return true;
  const startedAt = { [provenanceKeys.startedAt]: formatStartedAt(new Date(ec2.now())) };
  try {
    await ec2.send(new CreateTagsCommand({ Resources: [importTaskId], Tags: tagList(startedAt) }));
  } catch (error) {
    ec2.signal?.throwIfAborted();
    if (isAboutCredentials(error)) throw error;
    if (refusedCodeOf(error)?.startsWith('InvalidConversionTaskId')) return false;
    ec2.notice(`Import task ${importTaskId} carries no start time: ${(error as Error).message}.`);
  }
  return true;
}
