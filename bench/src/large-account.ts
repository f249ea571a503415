import { seedEc2 } from '@ec2-image/local-aws';
import { metadataOf, objectKey, provenanceTags } from '@ec2-image/provenance';
import type { Account } from './account.ts';

/** How many of each the account holds. */
export interface LargeAccount {
  readonly snapshots: number;
  readonly images: number;
  readonly objects: number;
}

/** Of these the janitor finds the old ones, among everything else. */
const leftovers = { snapshots: 30, images: 10, objects: 5 };

const digest = `sha256:${'0123456789ab'.padEnd(64, 'c')}` as const;
const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000;
const id = (type: string, number: number) => `${type}-${number.toString(16).padStart(17, '0')}`;

const ourTags = (name: string) => ({
  Name: name,
  automation: 'false',
  ...provenanceTags({
    sourceUrl: 'https://example.org/images/Fedora-Cloud-Base.qcow2',
    digest,
    diskFormat: 'vhdx',
    version: '0.1.0',
    startedAt: new Date(hoursAgo(1000)),
  }),
});
const theirTags = (number: number) => ({
  Name: `server-${number}`,
  team: `team-${number % 50}`,
  'cost-center': `${number % 500}`,
  'aws:backup:source-resource': `arn:aws:ec2:us-east-1:123456789012:volume/vol-${number}`,
});

/**
 * Fills an account: every AMI and its snapshot are made by ec2-image, all other snapshots are backups of somebody else's, and
 * among them are a few leftovers. The objects lie under our prefix, and all but a few are unrelated to ec2-image.
 */
export async function makeLargeAccount({
  account,
  directory,
  snapshots,
  images,
  objects,
}: LargeAccount & { readonly account: Account; readonly directory: string }): Promise<{
  readonly leftovers: typeof leftovers;
}> {
  const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
  const createdAt = hoursAgo(1000);
  seedEc2({
    directory,
    snapshots: numbers(snapshots).map((number) => {
      const ours = number < images + leftovers.snapshots;
      return {
        id: id('snap', number),
        createdAt,
        description: ours
          ? `Created by AWS-VMImport service for ${id('import-snap', number)}`
          : `backup ${number}`,
        tags: ours ? ourTags(`fedora-i${number}`) : theirTags(number),
      };
    }),
    images: numbers(images).map((number) => ({
      id: id('ami', number),
      name: `fedora-i${number}`,
      createdAt,
      snapshotIds: number < leftovers.images ? [] : [id('snap', number)],
      state: number < leftovers.images ? 'failed' : 'available',
      tags: ourTags(`fedora-i${number}`),
    })),
  });
  await putObjects(account, objects);
  return { leftovers: { ...leftovers, snapshots: leftovers.snapshots + leftovers.images } };
}

const concurrency = 16;

/** Without the SDK, which would spend more on signing than the emulator does on storing. */
async function putObjects(account: Account, count: number): Promise<void> {
  const put = async (key: string, metadata: Readonly<Record<string, string>>) => {
    const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const authorization = `AWS4-HMAC-SHA256 Credential=BENCH/${date.slice(0, 8)}/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`;
    const answer = await fetch(`${account.url}/${account.bucket}/${key}`, {
      method: 'PUT',
      headers: {
        authorization,
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-amz-date': date,
        ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
      },
    });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.arrayBuffer();
  };
  let next = 0;
  const worker = async () => {
    for (let number = next++; number < count; number = next++) {
      const name = `fedora-i${number}`;
      const ours = number < leftovers.objects;
      await put(
        ours
          ? objectKey({ prefix: 'ec2-image/', amiName: name, digest, format: 'vhdx' })
          : `ec2-image/archive/${number}.tar`,
        ours ? metadataOf(ourTags(name)) : {},
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
