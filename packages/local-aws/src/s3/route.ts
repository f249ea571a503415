import type { IncomingHttpHeaders } from 'node:http';
import type { Target } from './target.ts';

interface Routed {
  readonly method: string;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** Which of S3's operations a request asks for, by the name the SDK has for it. */
export function operationOf({ method, target, query, headers }: Routed): string | undefined {
  const copying = headers['x-amz-copy-source'] !== undefined;
  if (target.bucket === undefined) return method === 'GET' ? 'ListBuckets' : undefined;
  if (target.key === undefined) return bucketOperation(method, query);
  switch (`${method} ${subresource(query)}`) {
    case 'GET ':
      return 'GetObject';
    case 'HEAD ':
      return 'HeadObject';
    case 'PUT ':
      return copying ? 'CopyObject' : 'PutObject';
    case 'DELETE ':
      return 'DeleteObject';
    case 'POST uploads':
      return 'CreateMultipartUpload';
    case 'PUT uploadId':
      return copying ? 'UploadPartCopy' : 'UploadPart';
    case 'GET uploadId':
      return 'ListParts';
    case 'POST uploadId':
      return 'CompleteMultipartUpload';
    case 'DELETE uploadId':
      return 'AbortMultipartUpload';
    case 'GET attributes':
      return 'GetObjectAttributes';
    case 'GET tagging':
      return 'GetObjectTagging';
    case 'PUT tagging':
      return 'PutObjectTagging';
    case 'DELETE tagging':
      return 'DeleteObjectTagging';
    case 'GET acl':
      return 'GetObjectAcl';
    case 'PUT acl':
      return 'PutObjectAcl';
    default:
      return undefined;
  }
}

function bucketOperation(method: string, query: URLSearchParams): string | undefined {
  switch (`${method} ${subresource(query)}`) {
    case 'GET ':
      return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
    case 'HEAD ':
      return 'HeadBucket';
    case 'PUT ':
      return 'CreateBucket';
    case 'DELETE ':
      return 'DeleteBucket';
    case 'POST delete':
      return 'DeleteObjects';
    case 'GET versions':
      return 'ListObjectVersions';
    case 'GET uploads':
      return 'ListMultipartUploads';
    case 'GET versioning':
      return 'GetBucketVersioning';
    case 'PUT encryption':
      return 'PutBucketEncryption';
    case 'DELETE encryption':
      return 'DeleteBucketEncryption';
    case 'PUT lifecycle':
      return 'PutBucketLifecycleConfiguration';
    case 'DELETE lifecycle':
      return 'DeleteBucketLifecycle';
    case 'PUT acl':
      return 'PutBucketAcl';
    case 'PUT policy':
      return 'PutBucketPolicy';
    case 'DELETE policy':
      return 'DeleteBucketPolicy';
    case 'PUT versioning':
      return 'PutBucketVersioning';
  }
  return method === 'GET' ? bucketReads[subresource(query)] : undefined;
}

const bucketReads: Readonly<Record<string, string>> = {
  accelerate: 'GetBucketAccelerateConfiguration',
  acl: 'GetBucketAcl',
  cors: 'GetBucketCors',
  encryption: 'GetBucketEncryption',
  lifecycle: 'GetBucketLifecycleConfiguration',
  location: 'GetBucketLocation',
  logging: 'GetBucketLogging',
  notification: 'GetBucketNotificationConfiguration',
  'object-lock': 'GetObjectLockConfiguration',
  ownershipControls: 'GetBucketOwnershipControls',
  policy: 'GetBucketPolicy',
  policyStatus: 'GetBucketPolicyStatus',
  publicAccessBlock: 'GetPublicAccessBlock',
  replication: 'GetBucketReplication',
  requestPayment: 'GetBucketRequestPayment',
  tagging: 'GetBucketTagging',
  website: 'GetBucketWebsite',
};

/** Every name that makes another operation of a request, known here or not: a call of an unknown one must not pass for a plain read. */
const subresources = [
  ...Object.keys(bucketReads),
  'abac',
  'analytics',
  'attributes',
  'delete',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'metadataConfiguration',
  'metadataTable',
  'metrics',
  'renameObject',
  'restore',
  'retention',
  'select',
  'session',
  'torrent',
  'uploadId',
  'uploads',
  'versioning',
  'versions',
];

export function subresource(query: URLSearchParams): string {
  return subresources.find((name) => query.has(name)) ?? '';
}
