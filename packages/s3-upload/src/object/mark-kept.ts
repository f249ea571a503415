import { GetObjectTaggingCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { policies, retry } from '@ec2-image/aws-call';
import { keptKey, tagList, tagRecord } from '@ec2-image/provenance';
import { addressOf, createS3, type S3Options } from '../call/s3.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * Tags the object, in a bucket with versioning the version, as one to be kept: to the janitor it would be a leftover.
 * Tags that it has stay.
 *
 * @throws AwsCallError
 */
export async function markKept(options: S3Options & { readonly object: StoredObject }): Promise<void> {
  const { object } = options;
  const s3 = createS3(options);
  const address = { ...addressOf({ ...options, ...object }), VersionId: object.versionId };
  await retry(s3, {
    policy: policies.tags,
    async call() {
      const { TagSet } = await s3.send(new GetObjectTaggingCommand(address));
      const tags = tagRecord(TagSet);
      if (tags[keptKey] === 'true') return;
      // S3 replaces all of them.
      const Tagging = { TagSet: tagList({ ...tags, [keptKey]: 'true' }) };
      await s3.send(new PutObjectTaggingCommand({ ...address, Tagging }));
    },
  });
}
