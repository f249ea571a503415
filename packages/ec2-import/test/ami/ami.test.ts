import { type SnapshotOrigin, snapshotOrigin } from '@ec2-image/provenance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AmiFacts,
  amiFacts,
  freshDifference,
  judgeAmi,
  lacksHolesDifference,
} from '../../src/ami/ami.ts';
import { conflictError } from '../../src/ami/conflict.ts';
import type { WantedAmi } from '../../src/ami/wanted-ami.ts';
import { digest, otherDigest, ourTags } from '../marks.ts';

const region = 'us-east-1';
const wanted: WantedAmi = { digest, architecture: 'x86_64', snapshotId: 'snap-1' };

function ami(change: Partial<AmiFacts> = {}): AmiFacts {
  return {
    imageId: 'ami-1',
    region,
    name: 'image-i1',
    state: 'available',
    ownerId: '123456789012',
    creationDate: '2026-11-22T10:00:00.000Z',
    architecture: 'x86_64',
    protected: false,
    devices: { mappings: [] },
    snapshotIds: ['snap-9'],
    rootSnapshotId: 'snap-9',
    tags: ourTags(),
    ...change,
  };
}

const imported = { kind: 'import', taskId: 'import-snap-1' } as const;
const snapshotOf = (tags: Record<string, string> | undefined, origin: SnapshotOrigin = imported) =>
  tags && { snapshotId: 'snap-9', tags, origin };

describe('the AMI of the wanted name', () => {
  test.each<[string, Partial<AmiFacts>, Record<string, string> | undefined]>([
    ['its tags name the image', {}, undefined],
    ["its tags and its snapshot's name the image", {}, ourTags()],
    ["only its snapshot's tags name the image", { tags: {} }, ourTags()],
    ['it is of the snapshot that was to be registered', { tags: {}, rootSnapshotId: 'snap-1' }, undefined],
    ['it is pending', { state: 'pending' }, undefined],
    ['it reports no architecture', { architecture: undefined }, undefined],
  ])('is ours where %s', (_, change, snapshotTags) => {
    expect(judgeAmi({ ami: ami(change), snapshot: snapshotOf(snapshotTags), wanted }).kind).toBe('ours');
  });

  test.each<[string, Partial<AmiFacts>, Record<string, string> | undefined]>([
    ['it has no tags', { tags: {} }, {}],
    ["its tags are somebody else's", { tags: { Name: 'image-i1', automation: 'false' } }, undefined],
    ['it names a digest but no version', { tags: { 'ec2-image:source-digest': digest } }, undefined],
  ])('is foreign where %s', (_, change, snapshotTags) => {
    expect(judgeAmi({ ami: ami(change), snapshot: snapshotOf(snapshotTags), wanted }).kind).toBe('foreign');
  });

  test.each<[string, Partial<AmiFacts>, Record<string, string> | undefined, Partial<WantedAmi>]>([
    [`it was made from ${otherDigest}`, { tags: ourTags({ of: otherDigest }) }, undefined, {}],
    [`its snapshot holds ${otherDigest}`, {}, ourTags({ of: otherDigest }), {}],
    ['its architecture is arm64, not x86_64', { architecture: 'arm64' }, undefined, {}],
    ['its bootMode is not set, not uefi', {}, undefined, { bootMode: 'uefi' }],
    ['its imdsSupport is v2.0, not unset', { imdsSupport: 'v2.0' }, undefined, { imdsSupport: 'none' }],
    ['its tpmSupport is not set, not v2.0', {}, undefined, { tpmSupport: 'v2.0' }],
  ])('is ours, but different: %s', (difference, change, snapshotTags, wish) => {
    const verdict = judgeAmi({
      ami: ami(change),
      snapshot: snapshotOf(snapshotTags),
      wanted: { ...wanted, ...wish },
    });
    expect(verdict).toMatchObject({ kind: 'different', differences: [difference] });
  });

  test.each([
    ['CopyImage made it', { SourceImageId: 'ami-2', SourceImageRegion: 'us-west-2' }],
    ['CreateImage made it', { SourceInstanceId: 'i-1', SourceImageId: 'ami-2' }],
    ['only its description says that it is a copy', { Description: '[Copied ami-2 from us-west-2] x' }],
  ])('45: is foreign where %s, whatever tags it carries', (_, fields) => {
    const tagSet = (tags: Record<string, string>) =>
      Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const copy = amiFacts({ ...fields, Tags: tagSet(ourTags()) }, region);
    const snapshot = snapshotOf(ourTags());
    expect(judgeAmi({ ami: copy, snapshot, wanted }).kind).toBe('foreign');
    const claimed = (copyOf: string) =>
      amiFacts({ ...fields, Tags: tagSet({ ...ourTags(), 'ec2-image:copy-of': copyOf }) }, region);
    expect(judgeAmi({ ami: claimed('ami-2 us-west-2'), snapshot, wanted }).kind).toBe('foreign');
    expect(judgeAmi({ ami: claimed('ami-2 us-east-1'), snapshot, wanted }).kind).toBe(
      'SourceImageRegion' in fields ? 'ours' : 'foreign',
    );
  });

  test('44: is foreign where only the tags of a copied snapshot speak for it', () => {
    const copied = snapshotOrigin({ Description: '[Copied snap-1 from us-west-2] Created by AWS-VMImport' });
    expect(judgeAmi({ ami: ami({ tags: {} }), snapshot: snapshotOf(ourTags(), copied), wanted }).kind).toBe(
      'foreign',
    );
  });

  test('is failed or disabled where its state says so', () => {
    expect(judgeAmi({ ami: ami({ state: 'failed' }), wanted }).kind).toBe('failed');
    expect(judgeAmi({ ami: ami({ state: 'invalid' }), wanted }).kind).toBe('failed');
    expect(judgeAmi({ ami: ami({ state: 'disabled' }), wanted }).kind).toBe('disabled');
    expect(judgeAmi({ ami: ami({ state: 'failed', tags: {} }), wanted }).kind).toBe('foreign');
  });

  test('is never used or replaced without a mark of ec2-image', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.string()),
        fc.dictionary(fc.string(), fc.string()),
        fc.constantFrom('available', 'pending', 'failed', 'disabled'),
        (tags, snapshotTags, state) =>
          judgeAmi({ ami: ami({ tags, state }), snapshot: snapshotOf(snapshotTags), wanted }).kind ===
          'foreign',
      ),
    );
  });
});

describe('an AMI as EC2 reports it', () => {
  test('its root snapshot is that of its root device', () => {
    const image = {
      RootDeviceName: '/dev/xvda',
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdb', Ebs: { SnapshotId: 'snap-data' } },
        { DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-root' } },
        { DeviceName: '/dev/sdc', VirtualName: 'ephemeral0' },
      ],
    };
    expect(amiFacts(image, region)).toMatchObject({
      rootSnapshotId: 'snap-root',
      snapshotIds: ['snap-data', 'snap-root'],
    });
    expect(amiFacts({ ...image, RootDeviceName: undefined }, region).rootSnapshotId).toBe('snap-data');
  });

  test('one that reports next to nothing is foreign', () => {
    expect(judgeAmi({ ami: amiFacts({}, region), wanted: { digest } }).kind).toBe('foreign');
  });

  test.each([
    [undefined, false],
    ['disabled', false],
    ['enabled', true],
    ['enabled-with-cooldown', true],
  ])('deregistration protection %s', (DeregistrationProtection, isProtected) => {
    expect(amiFacts({ DeregistrationProtection }, region).protected).toBe(isProtected);
  });
});

describe('what stands in the way is explained', () => {
  test.each([
    [{ kind: 'foreign', ami: ami() }, 'AMI_NAME_TAKEN'],
    [{ kind: 'different', ami: ami(), differences: ['it is another'] }, 'AMI_NAME_TAKEN_BY_OURS'],
    [{ kind: 'disabled', ami: ami() }, 'AMI_DISABLED'],
    [{ kind: 'failed', ami: ami({ state: 'failed', stateReason: 'no such key' }) }, 'AMI_FAILED'],
  ] as const)('%o', (verdict, code) => {
    const error = conflictError(verdict);
    expect(error).toMatchObject({
      code,
      imageId: 'ami-1',
      ownerId: '123456789012',
      creationDate: '2026-11-22T10:00:00.000Z',
    });
    expect(error.message).toContain('ami-1');
    expect(error.hint).not.toBe('');
  });

  const taken =
    'AMI name image-i1 is already used by ami-1 (account 123456789012, created 2026-11-22T10:00:00.000Z), which ec2-image registered; ';

  test.each([
    [['its snapshot holds sha256:b2'], 'its snapshot holds sha256:b2'],
    [[freshDifference], '--fresh requests a new one'],
    [
      ['its bootMode is uefi, not unset', 'its UEFI data is another'],
      'its bootMode is uefi, not unset, its UEFI data is another',
    ],
  ])('one that ec2-image made is named with all that differs: %j', (differences, shown) => {
    const { message, hint } = conflictError({ kind: 'different', ami: ami(), differences });
    expect(message).toBe(taken + shown);
    expect(hint).toBe('Use another --suffix, or --replace to deregister it and delete its snapshots.');
  });

  test('one that ec2-image made and that lacks the holes alone can be used as it is', () => {
    const { message, hint } = conflictError({
      kind: 'different',
      ami: ami(),
      differences: [lacksHolesDifference],
    });
    expect(message).toBe(`${taken}its snapshot was written with --omit-holes`);
    expect(hint).toBe(
      'Use it by --via ebs --omit-holes, or use another --suffix, or --replace to deregister it and delete its snapshots.',
    );
  });

  test("somebody else's is named with its owner and its date", () => {
    expect(conflictError({ kind: 'foreign', ami: ami() }).message).toBe(
      'AMI name image-i1 is already used by an AMI that ec2-image did not register: ami-1 (account 123456789012, created 2026-11-22T10:00:00.000Z)',
    );
  });
});
