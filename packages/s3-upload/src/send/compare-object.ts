import { compositeChecksum, compositeETag } from '@ec2-image/checksum';
import type { DiskChecksums } from '../disk/read-checksums.ts';
import type { ObjectFacts } from '../object/describe-object.ts';
import type { Proof } from '../object/stored-object.ts';

/**
 * What S3 reports of an object against what it should be: how it is proven equal, that it `differs`, or `unknown` where
 * S3 reports too little to tell. `etags` are those of the parts it should be made of, where they are known.
 */
export function compareObject(
  { size, checksum, etag, etagIsMd5 }: Pick<ObjectFacts, 'size' | 'checksum' | 'etag' | 'etagIsMd5'>,
  disk: DiskChecksums,
  { etags }: { readonly etags?: readonly string[] } = {},
): Proof | 'differs' | 'unknown' {
  if (size !== disk.size) return 'differs';
  if (checksum?.algorithm === 'CRC32') {
    const expected =
      checksum.type === 'FULL_OBJECT'
        ? disk.whole
        : compositeChecksum(
            'CRC32',
            disk.parts.map((part) => part.checksum),
          );
    return checksum.value === expected ? 'checksum' : 'differs';
  }
  const made = etags && compositeETag(etags);
  // Another ETag may be no MD5 at all, whatever it looks like.
  return etagIsMd5 && made === etag.replaceAll('"', '') ? 'etag' : 'unknown';
}
