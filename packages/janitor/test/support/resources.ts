import { CreateMultipartUploadCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { amiTags, metadataOf, objectKey, provenanceTags } from '@ec2-image/provenance';
import { bucket, type JanitorAccount, prefix } from './account.ts';

/** What an import leaves behind, as it leaves it. */

export const digest = `sha256:${'0123456789ab'.padEnd(64, 'c')}` as const;
export const amiName = 'fedora-i43';
export const key = keyOf(amiName);

export function keyOf(name: string): string {
  return objectKey({ prefix, amiName: name, digest, format: 'vhdx' });
}

export function id(type: 'ami' | 'snap' | 'import-snap', number: number): string {
  return `${type}-${number.toString(16).padStart(17, '0')}`;
}

export function provenance(startedAt?: number): Record<string, string> {
  return provenanceTags({
    sourceUrl: 'https://example.org/fedora.qcow2',
    digest,
    diskFormat: 'vhdx',
    name: 'fedora',
    version: '0.1.0',
    ...(startedAt !== undefined && { startedAt: new Date(startedAt) }),
  });
}

export const ourTags = (name = amiName): Record<string, string> => ({ Name: name, ...provenance(0) });
export const ourImageTags = (name = amiName): Record<string, string> => ({
  ...amiTags({ amiName: name }),
  ...provenance(0),
});

export { importedBy } from './account.ts';

export async function putObject(
  account: JanitorAccount,
  hoursAgo: number,
  name = key,
  bytes = 1000,
): Promise<string | undefined> {
  const { VersionId } = await account.at(account.hoursAgo(hoursAgo), () =>
    account.observer.s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: name,
        Body: Buffer.alloc(bytes, 7),
        Metadata: metadataOf(provenance(0)),
      }),
    ),
  );
  return VersionId;
}

export async function startUpload(account: JanitorAccount, hoursAgo: number, name = key): Promise<string> {
  const { UploadId } = await account.at(account.hoursAgo(hoursAgo), () =>
    account.observer.s3.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: name, ChecksumAlgorithm: 'CRC32' }),
    ),
  );
  return UploadId!;
}

export async function putPart(
  account: JanitorAccount,
  hoursAgo: number,
  { uploadId, partNumber = 1, bytes = 1000 }: { uploadId: string; partNumber?: number; bytes?: number },
): Promise<void> {
  await account.at(account.hoursAgo(hoursAgo), () =>
    account.observer.s3.send(
      new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: partNumber,
        Body: Buffer.alloc(bytes, partNumber),
      }),
    ),
  );
}

/** Many uploads of one key, without the SDK: it would sign each of them. */
export async function startUploads(account: JanitorAccount, hoursAgo: number, count: number): Promise<void> {
  const startedAt = account.hoursAgo(hoursAgo);
  const date = new Date(startedAt).toISOString().replace(/[-:]|\.\d+/g, '');
  const authorization = `AWS4-HMAC-SHA256 Credential=ANYBODY/${date.slice(0, 8)}/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`;
  await account.at(startedAt, async () => {
    for (let left = count; left > 0; left--) {
      const answer = await fetch(`${account.aws.url}/${bucket}/${key}?uploads`, {
        method: 'POST',
        headers: {
          authorization,
          'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          'x-amz-date': date,
          // They are to be there, without the SDK that would retry.
          'x-local-aws-conditions': 'calm',
        },
      });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.arrayBuffer();
    }
  });
}

/** An AMI and an older one of the same stream: `ami-…1` with `snap-…1` supersedes `ami-…2` with `snap-…2`. */
export function seedPair(account: JanitorAccount): void {
  const [newer, older] = [{ createdAt: account.hoursAgo(100) }, { createdAt: account.hoursAgo(200) }];
  account.seed({
    snapshots: [
      { id: id('snap', 1), ...newer, tags: ourTags('fedora-i44') },
      { id: id('snap', 2), ...older, tags: ourTags() },
    ],
    images: [
      {
        id: id('ami', 1),
        ...newer,
        name: 'fedora-i44',
        snapshotIds: [id('snap', 1)],
        tags: ourImageTags('fedora-i44'),
      },
      { id: id('ami', 2), ...older, name: amiName, snapshotIds: [id('snap', 2)], tags: ourImageTags() },
    ],
  });
}
