import { checksumAlgorithms } from '@ec2-image/checksum';
import { readChecksumHeader } from '../body/checksum-headers.ts';
import { readXmlBody } from '../body/read-xml-body.ts';
import type { Bucket } from '../buckets/bucket-table.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { errorWithin200, takeErrorWithin200 } from '../error-within-200.ts';
import { s3Error } from '../errors.ts';
import { readWriteConditions, type WriteConditions } from '../objects/conditions.ts';
import { encryptionHeaders } from '../objects/encryption.ts';
import { quoted } from '../objects/etag.ts';
import { findLatest, insertObject } from '../objects/object-table.ts';
import { conflict, currentBucket, refuseUnmetConditions, versionHeader } from '../objects/put-object.ts';
import type { Operation, S3Call } from '../s3-call.ts';
import { type XmlNode, xmlResponse } from '../xml.ts';
import { type Assembly, assemble, type CompletionHeaders, type ListedPart } from './assemble.ts';
import { openUpload } from './upload-part.ts';
import { listParts, removeUpload, type UploadRow, uploadAttributes } from './upload-table.ts';

/** All or nothing, in one transaction: the parts' rows change hands, their bytes stay where they are. */
export const completeMultipartUpload: Operation = async (call) => {
  const bucket = openBucket(call);
  openUpload(call);
  const conditions = readWriteConditions(call.header);
  const headers = readHeaders(call);
  const listed = (await readXmlBody(call, 'CompleteMultipartUpload')).all('Part').map(readPart);
  if (call.fault('conflict')) throw conflict(call);
  const failure = takeErrorWithin200(call);
  if (failure?.when === 'before') return errorWithin200(call, failure);

  const { store } = call;
  const { upload, assembly, versionId } = store.transaction(() => {
    const upload = openUpload(call);
    refuseUnmetConditions(call, { bucket, conditions });
    refuseOvertaken(call, { bucket, conditions, upload });
    const stored = new Map(listParts(store, { uploadId: upload.id }).map((part) => [part.part_number, part]));
    const assembly = assemble(upload, { listed, stored, headers });
    return { upload, assembly, ...keepAssembly(call, { bucket, upload, assembly }) };
  });
  store.blobs.purge();
  if (failure) return errorWithin200(call, failure);
  const { checksum } = assembly;
  return xmlResponse(
    'CompleteMultipartUploadResult',
    {
      Location: location(call),
      Bucket: bucket.name,
      Key: call.key,
      ETag: quoted(assembly.etag),
      [`Checksum${checksum.algorithm}`]: checksum.value,
      ChecksumType: checksum.type,
    },
    { ...encryptionHeaders(uploadAttributes(upload).encryption), ...versionHeader(bucket, versionId) },
  );
};

function keepAssembly(
  call: S3Call,
  { bucket, upload, assembly }: { bucket: Bucket; upload: UploadRow; assembly: Assembly },
): { versionId: string } {
  const { parts, size, etag, checksum } = assembly;
  const kept = insertObject(call.store, currentBucket(call, bucket), {
    key: call.key,
    size,
    etag,
    parts_count: parts.length,
    checksum_algorithm: checksum.algorithm,
    checksum_type: checksum.type,
    checksum: checksum.value,
    modified_at: call.now(),
    attributes: uploadAttributes(upload),
    // S3 forgets the parts' own checksums where the whole has one of its bytes.
    parts: parts.map((part) => ({
      ...part,
      checksum: checksum.type === 'COMPOSITE' ? part.checksum : null,
    })),
  });
  removeUpload(call.store, upload.id, new Set(parts.map(({ part_number }) => part_number)));
  return kept;
}

/** The object was written during the upload: which of the two the condition meant cannot be told. */
function refuseOvertaken(
  { store, key }: S3Call,
  { bucket, conditions, upload }: { bucket: Bucket; conditions: WriteConditions; upload: UploadRow },
): void {
  if (conditions.ifMatch === undefined) return;
  const current = findLatest(store, bucket.name, key);
  if (current && current.modified_at > upload.initiated_at) {
    throw s3Error('ConditionalRequestConflict', { details: { Condition: 'If-Match', Key: key } });
  }
}

function readHeaders(call: S3Call): CompletionHeaders {
  return {
    checksum: readChecksumHeader(call.header, { composite: true }),
    checksumType: call.header('x-amz-checksum-type'),
    objectSize: call.header('x-amz-mp-object-size'),
  };
}

function readPart(part: XmlNode): ListedPart {
  const partNumber = Number(part.textOf('PartNumber') ?? Number.NaN);
  const etag = part.textOf('ETag');
  if (!Number.isInteger(partNumber) || partNumber < 1 || etag === undefined) throw s3Error('MalformedXML');
  return {
    partNumber,
    etag: etag.trim(),
    checksums: checksumAlgorithms.flatMap((algorithm) => {
      const value = part.textOf(`Checksum${algorithm}`);
      return value === undefined ? [] : [{ algorithm, value }];
    }),
  };
}

function location({ request, bucketName, key, virtualHosted }: S3Call): string {
  const path = `/${virtualHosted ? '' : `${bucketName}/`}${encodeURIComponent(key)}`;
  return `http://${request.headers.host ?? 'localhost'}${path}`;
}
