import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { createSender, refusedCodeOf } from '@ec2-image/aws-call';
import { makeDirectory } from '@ec2-image/file-lock';
import type { RequestedImport } from '../config/import-request.ts';
import { localAwsDirectory } from '../work-directory/image-directory.ts';
import { usingWorkDirectory } from '../work-directory/work-directory-error.ts';
import { clientSettings } from './clients.ts';
import type { ConnectionOptions } from './connection.ts';
import { openConnection } from './open-connection.ts';

/** The emulator's account, served inside this process for as long as the run lasts. */
export interface LocalAccount extends AsyncDisposable {
  /** Laid over the connection that the user gave. */
  readonly connection: Pick<ConnectionOptions, 'endpointUrl' | 'region' | 'credentials'>;
  /** A bucket costs nothing here: one that is named and missing is made. */
  complete(request: RequestedImport): Promise<RequestedImport>;
}

/** The emulator accepts any pair; this one is AWS's own example, and so not a secret. */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const defaultRegion = 'us-east-1';

export async function openLocalAccount({
  workDirectory,
  connection,
  signal,
}: {
  readonly workDirectory: string;
  readonly connection: ConnectionOptions;
  readonly signal: AbortSignal;
}): Promise<LocalAccount> {
  // Loaded only here: nobody who talks to AWS pays for it.
  const { startLocalAws } = await import('@ec2-image/local-aws');
  const directory = localAwsDirectory(workDirectory);
  const server = await usingWorkDirectory(workDirectory, async () => {
    await makeDirectory(directory);
    return startLocalAws({ directory });
  });
  const local = { endpointUrl: server.url, region: connection.region ?? defaultRegion, credentials };
  return {
    connection: local,
    async complete(request) {
      if (request.bucket !== undefined) {
        const region = request.session.region ?? local.region;
        await ensureBucket(
          new S3Client({
            ...clientSettings(await openConnection({ ...connection, ...local, region }), 'S3'),
            forcePathStyle: true,
          }),
          { bucket: request.bucket, region, signal },
        );
      }
      return request;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function ensureBucket(
  client: S3Client,
  {
    bucket,
    region,
    signal,
  }: { readonly bucket: string; readonly region: string; readonly signal: AbortSignal },
) {
  const s3 = createSender({ client, service: 'S3', signal });
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!['NotFound', 'NoSuchBucket'].includes(refusedCodeOf(error) ?? '')) return;
    await s3
      .send(
        new CreateBucketCommand({
          Bucket: bucket,
          ...(region !== defaultRegion && {
            CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' },
          }),
        }),
      )
      .catch((cause: unknown) => {
        // Another run of the same account was quicker.
        if (refusedCodeOf(cause) !== 'BucketAlreadyOwnedByYou') throw cause;
      });
  } finally {
    client.destroy();
  }
}
