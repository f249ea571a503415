import { expect, test } from 'vitest';
import {
  copiedDescription,
  type Digest,
  foreignImageOrigin,
  provenanceTags,
  snapshotOrigin,
  whyNotOurImage,
  whyNotOurSnapshot,
  writtenDescription,
} from '../src/index.ts';

const sha256 = `sha256:${'0123456789ab'.padEnd(64, 'c')}` as const;
const sha512: Digest = `sha512:${'ba9876543210'.padEnd(128, 'd')}`;
const tagsOf = (digest: Digest) =>
  provenanceTags({
    sourceUrl: 'https://example.org/a.qcow2',
    digest,
    diskFormat: 'raw',
    version: '0.1.0',
  });
const imported = 'Created by AWS-VMImport service for import-snap-0123456789abcdef0';
const copied = (Description: string, digest: Digest = sha256) =>
  copiedDescription(digest, { snapshotId: 'snap-0a', origin: snapshotOrigin({ Description }) });

test.each([
  [imported, 'vol-ffffffff', { kind: 'import', taskId: 'import-snap-0123456789abcdef0' }],
  [imported, undefined, { kind: 'import', taskId: 'import-snap-0123456789abcdef0' }],
  [writtenDescription(sha256), 'vol-ffffffff', { kind: 'written', digest: sha256 }],
  [writtenDescription(sha512), 'vol-ffffffff', { kind: 'written', digest: sha512 }],
  [copied(imported), 'vol-ffffffff', { kind: 'copied', digest: sha256, from: 'snap-0a', isImported: true }],
  [
    copied(copied(imported)),
    'vol-ffffffff',
    { kind: 'copied', digest: sha256, from: 'snap-0a', isImported: true },
  ],
  [
    copied(writtenDescription(sha512), sha512),
    'vol-ffffffff',
    { kind: 'copied', digest: sha512, from: 'snap-0a', isImported: false },
  ],
  [copied(imported), 'vol-0a', 'was made from the volume vol-0a'],
  [`[Copied snap-0b from us-east-1] ${copied(imported)}`, 'vol-ffffffff', 'is a copy of snap-0b'],
  [`${copied(imported)} by hand`, 'vol-ffffffff', 'has neither'],
  [`[Copied snap-0a from us-east-1] ${imported}`, 'vol-ffffffff', 'is a copy of snap-0a'],
  [
    'Copied for DestinationAmi ami-0b from SourceAmi ami-0c for SourceSnapshot snap-0d. Task created on 1.',
    'vol-ffffffff',
    { kind: 'foreign', reason: 'is a copy of snap-0d', copiedFor: 'ami-0b' },
  ],
  [imported, 'vol-0123456789abcdef0', 'was made from the volume vol-0123456789abcdef0'],
  [writtenDescription(sha256), 'vol-0a', 'was made from the volume vol-0a'],
  [`${imported}, kept by me`, 'vol-ffffffff', 'has neither'],
  [`by hand: ${imported}`, 'vol-ffffffff', 'has neither'],
  [`${writtenDescription(sha256)} and more`, 'vol-ffffffff', 'has neither'],
  ['This snapshot is created by the AWS Backup service.', 'vol-ffffffff', 'has neither'],
  ['', undefined, 'has neither'],
])('the origin of a snapshot described %j, of volume %s', (Description, VolumeId, expected) => {
  expect(snapshotOrigin({ Description, VolumeId })).toEqual(
    typeof expected === 'string' ? { kind: 'foreign', reason: expect.stringContaining(expected) } : expected,
  );
});

test('a description by ec2-image fits into EBS’s 255 characters', () => {
  expect(writtenDescription(sha512).length).toBeLessThanOrEqual(255);
  const snapshotId = `snap-${'0'.repeat(17)}`;
  const origin = snapshotOrigin({ Description: imported });
  expect(copiedDescription(sha512, { snapshotId, origin }).length).toBeLessThanOrEqual(195);
});

test('a snapshot is ours by tags and origin together', () => {
  const snapshotId = 'snap-1';
  const why = (Description: string, tags = tagsOf(sha256)) =>
    whyNotOurSnapshot({ snapshotId, tags, origin: snapshotOrigin({ Description }) });
  expect(why(imported)).toBeUndefined();
  expect(why(writtenDescription(sha256))).toBeUndefined();
  expect(why(copied(imported))).toBeUndefined();
  expect(why(copied(imported, sha512))).toBe(`was written from the image ${sha512}`);
  expect(why(writtenDescription(sha512))).toBe(`was written from the image ${sha512}`);
  expect(why(imported, {})).toBe('has no tags of ec2-image');
  expect(why('[Copied snap-2 from us-east-1] x')).toBe('is a copy of snap-2');
  const marks = { snapshotId, tags: tagsOf(sha256), origin: snapshotOrigin({ Description: imported }) };
  expect(whyNotOurSnapshot(marks, { taskSnapshotId: 'snap-1' })).toBeUndefined();
  expect(whyNotOurSnapshot(marks, { taskSnapshotId: 'snap-2' })).toMatch(/^is a copy: .* made snap-2$/);
});

test.each([
  [{}, {}, undefined],
  [{ SourceImageId: 'ami-1', SourceImageRegion: 'us-east-1' }, {}, 'is a copy of ami-1'],
  [{ SourceImageId: 'ami-1', SourceImageRegion: 'us-east-1' }, { copyOf: 'ami-1 eu-west-1' }, undefined],
  [{ SourceImageId: 'ami-1', SourceImageRegion: 'us-east-1' }, { copyOf: 'ami-1 us-east-1' }, 'is a copy'],
  [{ SourceImageId: 'ami-1', SourceImageRegion: 'us-east-1' }, { copyOf: 'ami-2 eu-west-1' }, 'is a copy'],
  [{ SourceImageId: 'ami-1' }, { copyOf: 'ami-1 eu-west-1' }, 'is a copy of ami-1'],
  [{}, { copyOf: 'ami-1 eu-west-1' }, 'has the tag ec2-image:copy-of'],
  [{ Description: '[Copied ami-1 from us-east-1] Fedora' }, {}, 'is a copy of ami-1'],
  [{ SourceInstanceId: 'i-1', SourceImageId: 'ami-1' }, {}, 'was made from the instance i-1'],
])('the origin of an AMI %j, tagged %j', (image, { copyOf }: { copyOf?: string }, expected) => {
  const tags = { ...tagsOf(sha256), ...(copyOf && { 'ec2-image:copy-of': copyOf }) };
  const foreignOrigin = foreignImageOrigin(image, { region: 'eu-west-1', tags });
  if (expected === undefined) expect(foreignOrigin).toBeUndefined();
  else expect(foreignOrigin).toContain(expected);
  expect(whyNotOurImage({ tags, foreignOrigin })).toBe(foreignOrigin);
  expect(whyNotOurImage({ tags: {}, foreignOrigin })).toBe('has no tags of ec2-image');
});
