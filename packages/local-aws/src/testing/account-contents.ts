import {
  DescribeImagesCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  type Image,
  type ImportSnapshotTask,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import {
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Everything in the account and region of the clients, as AWS lists it. */
export interface AccountContents {
  readonly images: readonly Image[];
  readonly snapshots: readonly Snapshot[];
  readonly tasks: readonly ImportSnapshotTask[];
  /** The keys of the objects, of all buckets of the region. */
  readonly objects: readonly string[];
  /** The incomplete multipart uploads, of all buckets of the region. */
  readonly uploads: readonly MultipartUpload[];
}

export async function readContents({
  ec2,
  s3,
}: {
  readonly ec2: EC2Client;
  readonly s3: S3Client;
}): Promise<AccountContents> {
  const [images, snapshots, tasks, { Buckets = [] }] = await Promise.all([
    ec2.send(new DescribeImagesCommand({ Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true })),
    ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] })),
    ec2.send(new DescribeImportSnapshotTasksCommand({})),
    s3.send(new ListBucketsCommand({})),
  ]);
  const region = await s3.config.region();
  const perBucket = await Promise.all(
    Buckets.filter(({ BucketRegion }) => BucketRegion === region).map(async ({ Name: Bucket }) => ({
      objects: await s3.send(new ListObjectsV2Command({ Bucket })),
      uploads: await s3.send(new ListMultipartUploadsCommand({ Bucket })),
    })),
  );
  return {
    images: images.Images ?? [],
    snapshots: snapshots.Snapshots ?? [],
    tasks: tasks.ImportSnapshotTasks ?? [],
    objects: perBucket.flatMap(({ objects }) => (objects.Contents ?? []).map(({ Key }) => Key!)),
    uploads: perBucket.flatMap(({ uploads }) => uploads.Uploads ?? []),
  };
}
