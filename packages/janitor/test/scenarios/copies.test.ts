import {
  CopyImageCommand,
  type CopyImageCommandInput,
  CopySnapshotCommand,
  type CopySnapshotCommandInput,
  DescribeImagesCommand,
} from '@aws-sdk/client-ec2';
import { copyOfKey, tagList } from '@ec2-image/provenance';
import { describe, expect } from 'vitest';
import { it, type JanitorAccount, region, results, verdicts } from '../support/account.ts';
import { id, ourImageTags, ourTags, seedPair } from '../support/resources.ts';

/** What EC2 itself makes of a copy, in place of a seeded one: see origins.test.ts for other tools' descriptions. */

const [ami, snap] = [id('ami', 1), id('snap', 1)];
const from = { SourceRegion: region };

const later = 4 * 24 * 3_600_000;

async function copySnapshot(account: JanitorAccount, more: Partial<CopySnapshotCommandInput> = {}) {
  const { SnapshotId } = await account.observer.ec2.send(
    new CopySnapshotCommand({
      ...from,
      SourceSnapshotId: snap,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: tagList(ourTags()) }],
      ...more,
    }),
  );
  return SnapshotId!;
}

async function copyImage(account: JanitorAccount, more: Partial<CopyImageCommandInput> = {}) {
  const { ImageId } = await account.observer.ec2.send(
    new CopyImageCommand({ ...from, SourceImageId: ami, Name: 'fedora-i99', CopyImageTags: true, ...more }),
  );
  const { Images } = await account.observer.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId!] }));
  return { imageId: ImageId!, snapshotId: Images![0]!.BlockDeviceMappings![0]!.Ebs!.SnapshotId! };
}

describe('44: a snapshot copied by CopySnapshot, with the tags of ec2-image: keeps it', () => {
  it.for([
    ['as EC2 describes it', {}],
    ['with a description of somebody', { Description: 'mine' }],
    ['encrypted', { Encrypted: true }],
  ] as const)('%s', async ([, more], { account }) => {
    seedPair(account);
    const copy = await copySnapshot(account, more);
    await account.at(account.now() + later, async () => {
      const changes = account.watch();
      const { plan } = await account.clean();
      expect(verdicts(plan)).toContain(`${copy} keep no-proof`);
      expect(changes()).toEqual([]);
    });
  });
});

describe('45: an AMI copied by CopyImage with its tags', () => {
  const asked = { superseded: true, deregisterNow: true };

  it('by somebody: keeps it, and its snapshot, with the tags on it too', async ({ account }) => {
    seedPair(account);
    const Tags = tagList(ourTags('fedora-i99'));
    const copy = await copyImage(account, { TagSpecifications: [{ ResourceType: 'snapshot', Tags }] });
    await account.at(account.now() + later, async () => {
      const { plan, outcomes } = await account.clean({ ...asked, amis: [copy.imageId] });
      expect(verdicts(plan)).toEqual(
        expect.arrayContaining([`${copy.imageId} keep no-proof`, `${copy.snapshotId} keep no-proof`]),
      );
      // Nor does it supersede what it was copied from.
      expect(results(outcomes)).not.toContain(`${ami} deleted`);
    });
  });

  it('by ec2-image, which says so: deregisters it when asked to, and deletes its snapshot with it', async ({
    account,
  }) => {
    seedPair(account);
    const tags = { ...ourImageTags('fedora-i99'), [copyOfKey]: `${ami} ${region}` };
    const copy = await copyImage(account, {
      CopyImageTags: false,
      TagSpecifications: [
        { ResourceType: 'image', Tags: tagList(tags) },
        { ResourceType: 'snapshot', Tags: tagList(ourTags('fedora-i99')) },
      ],
    });
    await account.at(account.now() + later, async () => {
      const { plan, outcomes } = await account.clean({ amis: [copy.imageId], deregisterNow: true });
      expect(plan.resources.find((resource) => resource.id === copy.snapshotId)).toMatchObject({
        proof: expect.stringMatching(`was copied for ${copy.imageId}`),
      });
      expect(results(outcomes)).toEqual([`${copy.imageId} deleted`, `${copy.snapshotId} deleted`]);
    });
  });
});
