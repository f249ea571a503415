import { tagsOfMetadata } from '@ec2-image/provenance';
import { addressOf, createS3, type ObjectPlace, type S3Options } from '../call/s3.ts';
import { S3UploadError } from '../errors.ts';
import { describeObject, type ObjectFacts } from './describe-object.ts';
import { converterOf, judgeObject, type WantedObject } from './judge-object.ts';
import type { StoredObject } from './stored-object.ts';

export interface FindObjectOptions extends S3Options, ObjectPlace, WantedObject {
  /** Whether something else under the key is an error, as it is for `uploadDisk`; else it is told. Default false. */
  readonly refuseForeign?: boolean;
}

/**
 * The object that an earlier run completed for this digest: it carries our metadata, and S3 verified its full-object
 * checksum at completion. It need not be equal to any local file: converting the same image twice gives other bytes.
 *
 * Undefined where there is none, and, with a notice, where what is there is not ours or not proven: `uploadDisk` says
 * what becomes of it.
 *
 * @throws S3UploadError `KEY_TAKEN`, with `refuseForeign`
 */
export async function findObject(options: FindObjectOptions): Promise<StoredObject | undefined> {
  const s3 = createS3(options);
  const facts = await describeObject(s3, addressOf(options));
  if (!facts) return undefined;
  const verdict = judgeObject(facts, options);
  if (verdict === 'proven') return provenObject(options, facts);
  if (verdict === 'foreign' && options.refuseForeign) throw keyTaken(options, facts);
  const which = `s3://${options.bucket}/${options.key}`;
  s3.notice(
    verdict === 'foreign'
      ? `${which} was not made for this image; not changing it`
      : `${which} has no checksum that S3 verified; comparing it with the disk before any reuse`,
  );
  return undefined;
}

export function keyTaken(
  { bucket, key }: ObjectPlace,
  { etag, lastModified }: Pick<ObjectFacts, 'etag' | 'lastModified'>,
): S3UploadError {
  return new S3UploadError(
    'KEY_TAKEN',
    `s3://${bucket}/${key} already exists and was not made for this image`,
    {
      hint: 'Inspect it, then move or delete it, or use another --key-prefix.',
      facts: { bucket, key, etag, lastModified },
    },
  );
}

/** Of facts that were judged `proven`. */
export function provenObject({ bucket, key }: ObjectPlace, facts: ObjectFacts): StoredObject {
  const { size, etag, lastModified, versionId, checksum, metadata } = facts;
  const converter = converterOf(metadata);
  return {
    bucket,
    key,
    size,
    checksum: checksum!,
    etag,
    lastModified,
    versionId,
    provenBy: 'checksum',
    converter,
    tags: tagsOfMetadata(metadata),
  };
}
