import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeImagesCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  type Image,
  type ImportSnapshotTask,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type MultipartUpload,
  S3Client,
} from '@aws-sdk/client-s3';
import { exampleCredentials, type LocalAws, type LocalAwsOptions, startLocalAws } from '@ec2-image/local-aws';
import { temporaryDirectory } from './temporary-directory.ts';

export const bucket = 'disk-images';
export const region = 'us-east-1';

/** An account on a stand-in of its own, with a bucket, and clients that look at it as anybody could. */
export interface TestAccount extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly directory: string;
  readonly s3: S3Client;
  readonly ec2: EC2Client;
  contents(): Promise<AccountContents>;
  /** The raw bytes of a snapshot, as the stand-in keeps them. */
  snapshotPath(snapshotId: string): string;
}

export interface AccountContents {
  readonly images: readonly Image[];
  readonly snapshots: readonly Snapshot[];
  readonly tasks: readonly ImportSnapshotTask[];
  readonly objects: readonly string[];
  readonly uploads: readonly MultipartUpload[];
}

/** Nothing takes longer than its own work: the tests have hundreds of imports. */
const quickEc2 = { importTaskMs: 60, snapshotCompletionMs: 20, imageCreationMs: 20 };

export async function openAccount(options: Partial<LocalAwsOptions> = {}): Promise<TestAccount> {
  const directory = options.directory ?? (await temporaryDirectory('account'));
  const aws = await startLocalAws({ ec2: quickEc2, ...options, directory });
  const settings = { region, endpoint: aws.url, credentials: exampleCredentials };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const ec2 = new EC2Client(settings);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    aws,
    directory,
    s3,
    ec2,
    snapshotPath: (snapshotId) => join(directory, 'snapshots', `${snapshotId}.raw`),
    async contents() {
      const [images, snapshots, tasks, objects, uploads] = await Promise.all([
        ec2.send(
          new DescribeImagesCommand({ Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true }),
        ),
        ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] })),
        ec2.send(new DescribeImportSnapshotTasksCommand({})),
        s3.send(new ListObjectsV2Command({ Bucket: bucket })),
        s3.send(new ListMultipartUploadsCommand({ Bucket: bucket })),
      ]);
      return {
        images: images.Images ?? [],
        snapshots: snapshots.Snapshots ?? [],
        tasks: tasks.ImportSnapshotTasks ?? [],
        objects: (objects.Contents ?? []).flatMap(({ Key }) => Key ?? []),
        uploads: uploads.Uploads ?? [],
      };
    },
    async [Symbol.asyncDispose]() {
      s3.destroy();
      ec2.destroy();
      await aws.close();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
