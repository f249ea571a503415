import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AmiFacts, amiFacts, judgeAmi, type WantedAmi } from '../../src/ami/ami.ts';
import { conflictError } from '../../src/ami/conflict.ts';
import { digest, otherDigest, ourTags } from '../marks.ts';

const wanted: WantedAmi = { digest, architecture: 'x86_64', snapshotId: 'snap-1' };

function ami(change: Partial<AmiFacts> = {}): AmiFacts {
  return {
    imageId: 'ami-1',
    name: 'image-i1',
    state: 'available',
    ownerId: '123456789012',
    creationDate: '2026-11-22T10:00:00.000Z',
    architecture: 'x86_64',
    protected: false,
    snapshotIds: ['snap-9'],
    rootSnapshotId: 'snap-9',
    tags: ourTags(),
    ...change,
  };
}

describe('the AMI of the wanted name', () => {
  test.each<[string, Partial<AmiFacts>, Record<string, string> | undefined]>([
    ['its tags name the image', {}, undefined],
    ["its tags and its snapshot's name the image", {}, ourTags()],
    ["only its snapshot's tags name the image", { tags: {} }, ourTags()],
    ['it is of the snapshot that was to be registered', { tags: {}, rootSnapshotId: 'snap-1' }, undefined],
    ['it is pending', { state: 'pending' }, undefined],
    ['it reports no architecture', { architecture: undefined }, undefined],
  ])('is ours where %s', (_, change, snapshotTags) => {
    expect(judgeAmi({ ami: ami(change), snapshotTags, wanted }).kind).toBe('ours');
  });

  test.each<[string, Partial<AmiFacts>, Record<string, string> | undefined]>([
    ['it has no tags', { tags: {} }, {}],
    ["its tags are somebody else's", { tags: { Name: 'image-i1', automation: 'false' } }, undefined],
    ['it names a digest but no version', { tags: { 'ec2-image:source-digest': digest } }, undefined],
  ])('is foreign where %s', (_, change, snapshotTags) => {
    expect(judgeAmi({ ami: ami(change), snapshotTags, wanted }).kind).toBe('foreign');
  });

  test.each<[string, Partial<AmiFacts>, Record<string, string> | undefined, Partial<WantedAmi>]>([
    [`it was made from ${otherDigest}`, { tags: ourTags({ of: otherDigest }) }, undefined, {}],
    [`its snapshot holds ${otherDigest}`, {}, ourTags({ of: otherDigest }), {}],
    ['its architecture is arm64, not x86_64', { architecture: 'arm64' }, undefined, {}],
    ['its bootMode is not set, not uefi', {}, undefined, { bootMode: 'uefi' }],
    ['its imdsSupport is not set, not v2.0', {}, undefined, { imdsSupport: 'v2.0' }],
    ['its tpmSupport is not set, not v2.0', {}, undefined, { tpmSupport: 'v2.0' }],
  ])('is ours, but different: %s', (difference, change, snapshotTags, wish) => {
    const verdict = judgeAmi({ ami: ami(change), snapshotTags, wanted: { ...wanted, ...wish } });
    expect(verdict).toMatchObject({ kind: 'different', differences: [difference] });
  });

  test('is failed or disabled where its state says so', () => {
    expect(judgeAmi({ ami: ami({ state: 'failed' }), wanted }).kind).toBe('failed');
    expect(judgeAmi({ ami: ami({ state: 'invalid' }), wanted }).kind).toBe('failed');
    expect(judgeAmi({ ami: ami({ state: 'disabled' }), wanted }).kind).toBe('disabled');
    expect(judgeAmi({ ami: ami({ state: 'failed', tags: {} }), wanted }).kind).toBe('foreign');
  });

  test('is never used or replaced without a mark of ours', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.string()),
        fc.dictionary(fc.string(), fc.string()),
        fc.constantFrom('available', 'pending', 'failed', 'disabled'),
        (tags, snapshotTags, state) =>
          judgeAmi({ ami: ami({ tags, state }), snapshotTags, wanted }).kind === 'foreign',
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
    expect(amiFacts(image)).toMatchObject({
      rootSnapshotId: 'snap-root',
      snapshotIds: ['snap-data', 'snap-root'],
    });
    expect(amiFacts({ ...image, RootDeviceName: undefined }).rootSnapshotId).toBe('snap-data');
  });

  test('one that reports next to nothing is foreign', () => {
    expect(judgeAmi({ ami: amiFacts({}), wanted: { digest } }).kind).toBe('foreign');
  });

  test.each([
    [undefined, false],
    ['disabled', false],
    ['enabled', true],
    ['enabled-with-cooldown', true],
  ])('deregistration protection %s', (DeregistrationProtection, isProtected) => {
    expect(amiFacts({ DeregistrationProtection }).protected).toBe(isProtected);
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

  test("somebody else's is named with its owner and its date", () => {
    expect(conflictError({ kind: 'foreign', ami: ami() }).message).toBe(
      'the name image-i1 is taken by an AMI that is not ours: ami-1 (account 123456789012, created 2026-11-22T10:00:00.000Z)',
    );
  });
});
