import { addressOf, createS3, type S3Options } from '../call/s3.ts';
import { S3UploadError } from '../errors.ts';
import { describeObject, type ObjectFacts } from './describe-object.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * Checks that the object is still the one that was proven: ETag, time of modification, size, version, and the
 * checksum where S3 reports one. ImportSnapshot reads whatever stands under the key, so this is asked before and after.
 *
 * @throws S3UploadError `OBJECT_MISSING`, `OBJECT_CHANGED` (field `differences`)
 */
export async function verifyObject(options: S3Options & { readonly object: StoredObject }): Promise<void> {
  await describeVerified(options);
}

/** The same, with what S3 reports of it. */
export async function describeVerified(
  options: S3Options & { readonly object: StoredObject },
): Promise<ObjectFacts> {
  const { object } = options;
  const which = `s3://${object.bucket}/${object.key}`;
  const facts = await describeObject(createS3(options), addressOf({ ...options, ...object }));
  if (!facts) {
    throw new S3UploadError('OBJECT_MISSING', `${which} no longer exists`, {
      hint: 'Something else deleted it. Run the same command again: it recreates what is missing.',
      facts: { bucket: object.bucket, key: object.key },
    });
  }
  const differences = differencesFrom(object, facts);
  if (differences.length > 0) {
    throw new S3UploadError(
      'OBJECT_CHANGED',
      `${which} is not the object that was proven: ${differences.join(', ')}`,
      {
        hint: 'Something else wrote to the key; ec2-image did not change it. Find out what it was, then run the same command again with --fresh.',
        facts: { bucket: object.bucket, key: object.key, differences },
      },
    );
  }
  return facts;
}

/** What tells the two apart, in words; nothing where they are one. */
export function differencesFrom(proven: StoredObject, facts: ObjectFacts): string[] {
  const { checksum } = facts;
  const comparable =
    checksum?.algorithm === proven.checksum.algorithm && checksum.type === proven.checksum.type;
  return [
    differs('ETag', proven.etag, facts.etag),
    differs('size', proven.size, facts.size),
    differs('time of modification', proven.lastModified.toISOString(), facts.lastModified.toISOString()),
    proven.versionId === undefined ? undefined : differs('version', proven.versionId, facts.versionId),
    comparable ? differs('checksum', proven.checksum.value, checksum.value) : undefined,
  ].filter((difference) => difference !== undefined);
}

function differs(what: string, proven: unknown, actual: unknown): string | undefined {
  return proven === actual ? undefined : `${what} ${actual} instead of ${proven}`;
}
