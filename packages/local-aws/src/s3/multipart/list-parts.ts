import { openBucket } from '../buckets/open-bucket.ts';
import { invalidArgument } from '../errors.ts';
import { askedSize, pageSize } from '../listing/page-size.ts';
import { quoted } from '../objects/etag.ts';
import { owner } from '../owner.ts';
import type { Operation } from '../s3-call.ts';
import { isoSeconds } from '../times.ts';
import { xmlResponse } from '../xml.ts';
import { openUpload } from './upload-part.ts';
import { listParts as query, uploadAttributes } from './upload-table.ts';

export const listParts: Operation = (call) => {
  openBucket(call);
  const upload = openUpload(call);
  const marker = readMarker(call.query.get('part-number-marker'));
  const most = pageSize(call, 'max-parts');
  const found = query(call.store, { uploadId: upload.id, after: marker, limit: most + 1 });
  const page = found.slice(0, most);
  const { checksum_algorithm: algorithm, checksum_type: type } = upload;
  return xmlResponse('ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    Initiator: owner(upload.initiator),
    Owner: owner(upload.initiator),
    StorageClass: uploadAttributes(upload).storageClass,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.part_number ?? 0,
    MaxParts: askedSize(call.query, 'max-parts'),
    IsTruncated: most > 0 && found.length > most,
    ChecksumAlgorithm: algorithm ?? undefined,
    ChecksumType: type ?? undefined,
    Part: page.map((part) => ({
      PartNumber: part.part_number,
      LastModified: isoSeconds(part.modified_at),
      ETag: quoted(part.etag),
      Size: part.size,
      ...(algorithm && { [`Checksum${algorithm}`]: part.checksum ?? undefined }),
    })),
  });
};

function readMarker(text: string | null): number {
  if (text === null || text === '') return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidArgument('Provided part-number-marker not an integer', 'part-number-marker', text);
}
