import {
  CompleteSnapshotCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
  type StartSnapshotCommandInput,
} from '@aws-sdk/client-ebs';
import { describe, expect, testWith } from '../support/account.ts';

const test = testWith();
const blockBytes = 524_288;
const key = 'arn:aws:kms:us-east-1:123456789012:key/1';
const tag = (Key: string, Value: string) => ({ Tags: [{ Key, Value }] });

function refused(Reason: string) {
  return expect.objectContaining({ name: 'ValidationException', Reason });
}

describe('StartSnapshot takes what the API model allows', () => {
  test.for<[string, Partial<StartSnapshotCommandInput>]>([
    ['a description of 255 characters', { Description: 'd'.repeat(255) }],
    ['a token of 255', { ClientToken: 't'.repeat(255) }],
    ['tags of 127 and 255', tag('k'.repeat(127), 'v'.repeat(255))],
    ['characters beyond the basic plane, each counted once', tag('k', '\u{1f4bf}'.repeat(255))],
    ['an empty value', tag('k', '')],
    ['the longest time-out', { Timeout: 4320 }],
    ['encryption without a key', { Encrypted: true }],
  ])('%s', async ([, given], { ebs }) => {
    const answer = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...given }));
    expect(answer.SnapshotId).toMatch(/^snap-/);
  });
});

describe('StartSnapshot refuses what it does not', () => {
  test.for<[string, Partial<StartSnapshotCommandInput>, string]>([
    ['a description of 256 characters', { Description: 'd'.repeat(256) }, 'INVALID_PARAMETER_VALUE'],
    ['an empty description', { Description: '' }, 'INVALID_PARAMETER_VALUE'],
    ['a token of 256', { ClientToken: 't'.repeat(256) }, 'INVALID_PARAMETER_VALUE'],
    ['a token with a space', { ClientToken: 'a b' }, 'INVALID_PARAMETER_VALUE'],
    ['a tag value of 256, which EC2 takes', tag('k', 'v'.repeat(256)), 'INVALID_TAG'],
    ['a tag key of 128', tag('k'.repeat(128), 'v'), 'INVALID_TAG'],
    ['an empty tag key', tag('', 'v'), 'INVALID_TAG'],
    ['51 tags', { Tags: Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: '' })) }, 'INVALID_TAG'],
    ['no size', { VolumeSize: 0 }, 'INVALID_VOLUME_SIZE'],
    ['half a GiB', { VolumeSize: 0.5 }, 'INVALID_VOLUME_SIZE'],
    ['a time-out of 9 minutes', { Timeout: 9 }, 'INVALID_PARAMETER_VALUE'],
    ['a time-out of 4321 minutes', { Timeout: 4321 }, 'INVALID_PARAMETER_VALUE'],
    ['a key by its alias', { Encrypted: true, KmsKeyArn: 'alias/mine' }, 'INVALID_PARAMETER_VALUE'],
    ['a key without encryption', { KmsKeyArn: key }, 'INVALID_PARAMETER_VALUE'],
    ['a parent that is not a snapshot', { ParentSnapshotId: 'vol-1' }, 'INVALID_SNAPSHOT_ID'],
    [
      'encryption beside a parent',
      { ParentSnapshotId: 'snap-0123456789abcdef0', Encrypted: true },
      'INVALID_PARAMETER_VALUE',
    ],
  ])('%s', async ([, given, reason], { ebs }) => {
    const call = ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...given }));
    await expect(call).rejects.toEqual(refused(reason));
  });
});

test('PutSnapshotBlock and CompleteSnapshot refuse values out of bounds', async ({ ebs }) => {
  const { SnapshotId } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
  const put = (more: object) =>
    ebs.send(
      new PutSnapshotBlockCommand({
        SnapshotId,
        BlockIndex: 0,
        BlockData: Buffer.alloc(blockBytes),
        DataLength: blockBytes,
        Checksum: 'B4VNL+8peg5j2B/wl/VqIsD2wyE2HvmlC+7Q1qQiQEA=',
        ChecksumAlgorithm: 'SHA256',
        ...more,
      }),
    );
  const value = refused('INVALID_PARAMETER_VALUE');
  await expect(put({ Progress: 101 })).rejects.toEqual(value);
  await expect(put({ DataLength: 4096 })).rejects.toEqual(value);
  await expect(put({ ChecksumAlgorithm: 'SHA512' })).rejects.toEqual(value);
  await expect(put({ Checksum: 'B4VNL-8peg5j2B_wl_VqIsD2wyE2HvmlC-7Q1qQiQEA=' })).rejects.toEqual(value);
  await expect(put({ BlockIndex: 2048 })).rejects.toEqual(refused('INVALID_BLOCK'));
  const complete = (more: object) =>
    ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 0, ...more }));
  await expect(complete({ ChangedBlocksCount: -1 })).rejects.toEqual(value);
  await expect(complete({ ChecksumAlgorithm: 'MD5' })).rejects.toEqual(value);
  await expect(complete({ ChecksumAggregationMethod: 'TREE' })).rejects.toEqual(value);
  expect(await complete({})).toMatchObject({ Status: 'pending' });
});
