import type { Asked, Requirement } from '../requirement.ts';

/**
 * By operation, the actions on the object. With a version named, an action has a name of its own.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
const onObject: Readonly<Record<string, readonly string[]>> = {
  AbortMultipartUpload: ['AbortMultipartUpload'],
  CompleteMultipartUpload: ['PutObject'],
  CopyObject: ['PutObject'],
  CreateMultipartUpload: ['PutObject'],
  DeleteObject: ['DeleteObject'],
  DeleteObjectTagging: ['DeleteObjectTagging'],
  GetObject: ['GetObject'],
  GetObjectAcl: ['GetObjectAcl'],
  GetObjectAttributes: ['GetObject', 'GetObjectAttributes'],
  GetObjectTagging: ['GetObjectTagging'],
  HeadObject: ['GetObject'],
  ListParts: ['ListMultipartUploadParts'],
  PutObject: ['PutObject'],
  PutObjectAcl: ['PutObjectAcl'],
  PutObjectTagging: ['PutObjectTagging'],
  UploadPart: ['PutObject'],
  UploadPartCopy: ['PutObject'],
};

const versioned: Readonly<Record<string, string>> = {
  DeleteObject: 'DeleteObjectVersion',
  DeleteObjectTagging: 'DeleteObjectVersionTagging',
  GetObject: 'GetObjectVersion',
  GetObjectAcl: 'GetObjectVersionAcl',
  GetObjectAttributes: 'GetObjectVersionAttributes',
  GetObjectTagging: 'GetObjectVersionTagging',
  PutObjectAcl: 'PutObjectVersionAcl',
  PutObjectTagging: 'PutObjectVersionTagging',
};

/** Where the bucket's action is not called as the operation. */
const onBucket: Readonly<Record<string, string>> = {
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  GetBucketCors: 'GetBucketCORS',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  GetBucketReplication: 'GetReplicationConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  HeadBucket: 'ListBucket',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
};

export function s3Requirements(asked: Asked): readonly Requirement[] {
  const { operation, parameters, headers } = asked;
  const { bucket = '', key = '', versionId } = parameters;
  if (operation === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
  // Each key is a decision of its own, made where the keys are read.
  if (operation === 'DeleteObjects') return [];
  const actions = onObject[operation];
  if (!actions) return [bucketRequirement(asked, bucket, onBucket[operation] ?? operation)];
  const isPut = actions[0] === 'PutObject' && !operation.startsWith('Upload');
  const further = [
    ...(isPut && headers['x-amz-tagging'] !== undefined ? ['PutObjectTagging'] : []),
    ...(isPut && headers['x-amz-acl'] !== undefined ? ['PutObjectAcl'] : []),
    // A condition on what is there tells what is there.
    ...(conditional.has(operation) && isNamed(headers['if-match']) ? ['GetObject'] : []),
  ];
  const named = (action: string) => (versionId === undefined ? action : (versioned[action] ?? action));
  return [
    ...[...actions, ...further].map((action) => objectRequirement(asked, { bucket, key }, named(action))),
    ...sourceOf(asked),
  ];
}

const conditional: ReadonlySet<string> = new Set(['DeleteObject', 'PutObject', 'CompleteMultipartUpload']);

function isNamed(ifMatch: unknown): boolean {
  return ifMatch !== undefined && ifMatch !== '*';
}

/** What of a call an action on an object or a bucket depends on. */
type AskedOfS3 = Pick<
  Asked,
  'operation' | 'parameters' | 'headers' | 'accountId' | 'partition' | 'bucketPolicy' | 'uploadHeaders'
>;

export function objectRequirement(
  asked: AskedOfS3,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  action: string,
): Requirement {
  return {
    action: `s3:${action}`,
    resource: `arn:${asked.partition}:s3:::${bucket}/${key}`,
    context: contextOf(asked),
    resourcePolicy: asked.bucketPolicy(bucket),
  };
}

export function bucketRequirement(asked: Asked, bucket: string, action: string): Requirement {
  const { prefix, delimiter } = asked.parameters;
  const isList = action === 'ListBucket' || action === 'ListBucketVersions';
  return {
    action: `s3:${action}`,
    resource: `arn:${asked.partition}:s3:::${bucket}`,
    context: {
      ...contextOf(asked),
      ...(isList && asked.operation.startsWith('List') && { 's3:prefix': prefix ?? '' }),
      ...(isList && { 's3:delimiter': delimiter }),
    },
    resourcePolicy: asked.bucketPolicy(bucket),
  };
}

const headerKeys: Readonly<Record<string, string>> = {
  'x-amz-acl': 's3:x-amz-acl',
  'x-amz-content-sha256': 's3:x-amz-content-sha256',
  'x-amz-copy-source': 's3:x-amz-copy-source',
  'x-amz-server-side-encryption': 's3:x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 's3:x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class': 's3:x-amz-storage-class',
  'if-match': 's3:if-match',
  'if-none-match': 's3:if-none-match',
};

/**
 * Parts and the completion of an upload have no headers for an encryption: they are held against that of the upload, as
 * published policies that demand one need no exception for them, which those that demand If-None-Match do.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingServerSideEncryption.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
function encryptionOf({ operation, parameters, uploadHeaders }: AskedOfS3): Readonly<Record<string, string>> {
  const { uploadId } = parameters;
  return ofUpload.has(operation) && uploadId !== undefined ? uploadHeaders(uploadId) : {};
}

const ofUpload: ReadonlySet<string> = new Set(['UploadPart', 'UploadPartCopy', 'CompleteMultipartUpload']);

function contextOf(asked: AskedOfS3): Record<string, string | undefined> {
  const { accountId, operation, parameters } = asked;
  const headers = { ...asked.headers, ...encryptionOf(asked) };
  const context: Record<string, string | undefined> = {
    's3:authType': headers.authorization === undefined ? 'REST-QUERY-STRING' : 'REST-HEADER',
    's3:ResourceAccount': accountId,
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    's3:TlsVersion': '1.3',
    's3:versionid': parameters.versionId,
    // Of an upload in parts, its completion alone makes the object.
    's3:ObjectCreationOperation': String(!/^(UploadPart|CreateMultipart|UploadPartCopy)/.test(operation)),
  };
  for (const [header, key] of Object.entries(headerKeys)) {
    const value = headers[header];
    if (typeof value === 'string') context[key] = value;
  }
  return context;
}

function sourceOf(asked: Asked): Requirement[] {
  const source = asked.headers['x-amz-copy-source'];
  if (typeof source !== 'string') return [];
  const [path = '', version] = decodeURIComponent(source).replace(/^\//, '').split('?versionId=');
  const slash = path.indexOf('/');
  const object = { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
  return [objectRequirement(asked, object, version === undefined ? 'GetObject' : 'GetObjectVersion')];
}
