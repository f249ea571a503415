import { readXmlBody } from '../body/read-xml-body.ts';
import { setSetting } from '../buckets/bucket-table.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { s3Error } from '../errors.ts';
import { type BucketEncryption, bucketEncryptionOf } from '../objects/encryption.ts';
import type { Operation } from '../s3-call.ts';
import { xmlResponse } from '../xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html: every bucket has one. */
export const getBucketEncryption: Operation = (call) => {
  const { algorithm, keyId, bucketKey } = bucketEncryptionOf(openBucket(call));
  return xmlResponse('ServerSideEncryptionConfiguration', {
    Rule: {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId },
      BucketKeyEnabled: bucketKey ?? false,
    },
  });
};

export const putBucketEncryption: Operation = async (call) => {
  const { name } = openBucket(call);
  const rule = (await readXmlBody(call, 'ServerSideEncryptionConfiguration')).first('Rule');
  const asked = rule?.first('ApplyServerSideEncryptionByDefault');
  const algorithm = asked?.textOf('SSEAlgorithm');
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse')
    throw s3Error('MalformedXML');
  const keyId = asked?.textOf('KMSMasterKeyID');
  if (keyId !== undefined && algorithm === 'AES256') {
    throw s3Error('InvalidArgument', {
      message:
        'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
    });
  }
  const encryption: BucketEncryption = {
    algorithm,
    ...(keyId !== undefined && { keyId }),
    ...(rule?.textOf('BucketKeyEnabled') === 'true' && { bucketKey: true }),
  };
  setSetting(call.store, name, { encryption: JSON.stringify(encryption) });
  return { status: 200 };
};

export const deleteBucketEncryption: Operation = (call) => {
  const { name } = openBucket(call);
  setSetting(call.store, name, { encryption: null });
  return { status: 204 };
};
