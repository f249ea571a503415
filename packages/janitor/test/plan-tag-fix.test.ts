import { provenanceKeys } from '@ec2-image/provenance';
import { describe, expect, it } from 'vitest';
import type { Facts } from '../src/facts.ts';
import { planTagFix, type TagFixRequest } from '../src/tag-fix/plan-tag-fix.ts';
import {
  amiName,
  facts,
  hoursAgo,
  image,
  imported,
  ourImageTags,
  ourTags,
  snapshot,
  task,
} from './facts-builder.ts';

const fixesOf = (given: Partial<Facts>, request?: TagFixRequest) => planTagFix(facts(given), request).fixes;
const without = (tags: Record<string, string>, ...keys: string[]) =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));

describe('planTagFix, of everything', () => {
  it('finds nothing to add where all is there', () => {
    const fixes = fixesOf({ images: [image()], snapshots: [snapshot()] });
    expect(fixes.map(({ id, add, conflicts }) => ({ id, add, conflicts }))).toEqual([
      { id: 'ami-0aaa', add: {}, conflicts: [] },
      { id: 'snap-0aaa', add: {}, conflicts: [] },
    ]);
  });

  it('adds the one that is missing', () => {
    const [fix] = fixesOf({ images: [image({ tags: without(ourImageTags(), 'automation') })] });
    expect(fix?.add).toEqual({ automation: 'false' });
  });

  it('gives an untagged AMI what its snapshot knows, the user’s own tags included', () => {
    const [fix] = fixesOf({
      images: [image({ tags: {} })],
      snapshots: [snapshot({ tags: ourTags({ team: 'x', 'aws:y': 'z' }) })],
    });
    expect(fix).toMatchObject({ id: 'ami-0aaa', proof: expect.stringContaining('was made from snap-0aaa') });
    expect(fix?.add).toEqual({ ...ourImageTags(), team: 'x' });
  });

  it('gives an AMI of a snapshot that another gave its name to no user’s tags, but provenance', () => {
    const [fix] = fixesOf({
      images: [image({ tags: {}, name: 'fedora-i99' })],
      snapshots: [snapshot({ tags: ourTags({ team: 'x' }) })],
    });
    expect(fix?.add).toEqual(ourImageTags('fedora-i99'));
  });

  it('gives an untagged snapshot what its task knows', () => {
    const untagged = snapshot({ tags: {}, origin: imported('import-snap-0aaa') });
    const fixes = fixesOf({ snapshots: [untagged], tasks: [task()] });
    expect(fixes).toMatchObject([{ id: 'snap-0aaa', add: ourTags() }]);
  });

  it('gives an AMI the proof of its snapshot, and a snapshot none that nobody has made', () => {
    const proven = { 'ec2-image:proof': 'sample', 'ec2-image:converter': 'qemu-img' };
    const [fix] = fixesOf({ images: [image()], snapshots: [snapshot({ tags: ourTags(proven) })] });
    expect(fix?.add).toEqual(proven);
    const untagged = snapshot({ tags: {}, origin: imported('import-snap-0aaa') });
    const [unproven] = fixesOf({ snapshots: [untagged], tasks: [task()] });
    expect(unproven?.add).not.toHaveProperty('ec2-image:proof');
  });

  it('names a snapshot after its first AMI', () => {
    const fixes = fixesOf({
      images: [
        image({
          imageId: 'ami-0bbb',
          name: 'fedora-i44',
          createdAt: hoursAgo(50),
          tags: ourImageTags('fedora-i44'),
        }),
        image(),
      ],
      snapshots: [snapshot({ tags: without(ourTags(), 'Name') })],
    });
    expect(fixes.find(({ id }) => id === 'snap-0aaa')?.add).toEqual({ Name: amiName });
  });

  it('takes another name on a snapshot for what it is: that of its first AMI', () => {
    const fixes = fixesOf({
      images: [image()],
      snapshots: [snapshot({ tags: ourTags({ Name: 'fedora-i1' }) })],
    });
    expect(fixes.every(({ add, conflicts }) => Object.keys(add).length + conflicts.length === 0)).toBe(true);
  });

  it('reports another value on an AMI, and leaves it', () => {
    const [fix] = fixesOf({
      images: [image({ tags: { ...ourImageTags(), Name: 'mine', automation: 'true' } })],
    });
    expect(fix).toMatchObject({
      add: {},
      // The configuration may set automation to something else.
      conflicts: [{ key: 'Name', value: 'mine', wanted: amiName }],
    });
  });

  it('reports an AMI that names another digest than its snapshot', () => {
    const other = `sha256:${'f'.repeat(64)}`;
    const [fix] = fixesOf({
      images: [image({ tags: { ...ourImageTags(), [provenanceKeys.sourceDigest]: other } })],
      snapshots: [snapshot()],
    });
    expect(fix?.conflicts).toEqual([
      { key: provenanceKeys.sourceDigest, value: other, wanted: ourTags()[provenanceKeys.sourceDigest] },
    ]);
  });

  it('keeps what ec2-image did not create, and what is not finished', () => {
    const fixes = fixesOf({
      images: [
        image({ tags: {}, snapshotIds: ['snap-0xxx'] }),
        image({ imageId: 'ami-0bbb', state: 'pending' }),
      ],
      snapshots: [
        snapshot({ snapshotId: 'snap-0xxx', tags: {} }),
        snapshot({ snapshotId: 'snap-0bbb', state: 'pending' }),
      ],
    });
    expect(fixes).toEqual([]);
  });
});

describe('planTagFix, of named AMIs', () => {
  const foreign = { images: [image({ tags: {} })], snapshots: [snapshot({ tags: {} })] };

  it('refuses one that nothing proves, and says what it looked for', () => {
    const plan = planTagFix(facts(foreign), { imageIds: ['ami-0aaa'] });
    expect(plan.fixes).toEqual([]);
    expect(plan.refusals).toEqual([
      {
        id: 'ami-0aaa',
        reason:
          'not identifiable as created by ec2-image: looked for the tag ec2-image:source-digest on it and on snap-0aaa and for an import task of the last week with that tag or reading from s3://imports/ec2-image/. If it was imported by hand, --url and --sha256 of its image adopt it',
      },
    ]);
  });

  it('takes name and suffix for proof', () => {
    const plan = planTagFix(facts(foreign), { imageIds: ['ami-0aaa'], name: 'fedora', suffix: '43' });
    expect(plan.refusals).toEqual([]);
    expect(plan.fixes.map(({ id, add }) => ({ id, add }))).toEqual([
      { id: 'ami-0aaa', add: { Name: 'fedora-i43', automation: 'false' } },
      { id: 'snap-0aaa', add: { Name: 'fedora-i43' } },
    ]);
  });

  it('refuses one that the account does not have', () => {
    const plan = planTagFix(facts(), { imageIds: ['ami-0zzz'], name: 'fedora', suffix: '43' });
    expect(plan.refusals).toEqual([
      { id: 'ami-0zzz', reason: "not among this account's own AMIs in eu-west-1" },
    ]);
  });

  it('leaves other AMIs of the same snapshot alone', () => {
    const other = image({ imageId: 'ami-0bbb', tags: {} });
    const plan = planTagFix(facts({ images: [image({ tags: {} }), other], snapshots: [snapshot()] }), {
      imageIds: ['ami-0aaa'],
    });
    expect(plan.fixes.map(({ id }) => id)).toEqual(['ami-0aaa', 'snap-0aaa']);
  });

  it('refuses a name that EC2 would not take', () => {
    expect(() => planTagFix(facts(), { imageIds: ['ami-0aaa'], name: 'a*b', suffix: '1' })).toThrow(
      expect.objectContaining({ code: 'BAD_AMI_NAME' }),
    );
  });
});

describe('planTagFix, of AMIs that were imported by hand', () => {
  const adoption = {
    digest: `sha256:${'d'.repeat(64)}`,
    sourceUrl: 'https://user:secret@example.org/fedora.qcow2?token=x',
    diskFormat: 'vhdx',
    version: '0.2.0',
  } as const;
  const byHand = image({ name: 'fedora-aws-i20261122t101112z-f43f42d14', tags: { automation: 'true' } });
  const untagged = snapshot({ tags: {}, origin: imported('import-snap-0fff') });
  const adopted = (given: Partial<Facts>, request: TagFixRequest = {}) =>
    planTagFix(facts({ images: [byHand], snapshots: [untagged], ...given }), {
      imageIds: [byHand.imageId],
      adoption,
      ...request,
    });
  const provenance = {
    Name: byHand.name,
    'ec2-image:source-url': 'https://example.org/fedora.qcow2',
    'ec2-image:source-digest': adoption.digest,
    'ec2-image:disk-format': 'vhdx',
    'ec2-image:name': 'fedora-aws',
    'ec2-image:version': '0.2.0',
    'ec2-image:proof': 'none',
  };

  it('gives AMI and snapshot the provenance that was said, unproven, and overwrites nothing', () => {
    const { fixes, refusals } = adopted({});
    expect(refusals).toEqual([]);
    expect(fixes).toMatchObject([
      { id: 'ami-0aaa', add: provenance, conflicts: [] },
      { id: 'snap-0aaa', add: provenance, conflicts: [] },
    ]);
    expect(fixes[0]!.add).not.toHaveProperty('automation');
  });

  it('completes one whose tags an interrupted run has begun', () => {
    const tagged = { ...byHand, tags: { ...byHand.tags, ...provenance } };
    const { fixes } = adopted({ images: [tagged] });
    expect(fixes[1]).toMatchObject({ id: 'snap-0aaa', add: provenance });
  });

  it('reports one that was made from another image', () => {
    const { fixes } = adopted({ images: [image()], snapshots: [snapshot()] });
    expect(fixes[0]!.conflicts).toMatchObject([{ key: 'ec2-image:source-digest', wanted: adoption.digest }]);
  });

  it.each<[string, Partial<Facts>, RegExp]>([
    [
      'a name of another shape',
      { images: [{ ...byHand, name: 'fedora' }] },
      /named fedora, and not <name>-i<suffix>/,
    ],
    ['a copy', { images: [{ ...byHand, foreignOrigin: 'is a copy of ami-0bbb' }] }, /^is a copy of ami-0bbb/],
    [
      'two snapshots',
      { images: [{ ...byHand, snapshotIds: ['snap-0aaa', 'snap-0bbb'] }] },
      /^has 2 snapshots/,
    ],
    [
      'a snapshot of a volume',
      { snapshots: [{ ...untagged, origin: { kind: 'foreign', reason: 'was made from the volume vol-1' } }] },
      /snap-0aaa, which was made from the volume vol-1/,
    ],
    [
      'a snapshot that is a copy',
      { tasks: [task({ taskId: 'import-snap-0fff', snapshotId: 'snap-0ccc', tags: {}, key: 'x' })] },
      /is a copy/,
    ],
    [
      'a snapshot that claims a proof',
      { snapshots: [{ ...untagged, tags: { 'ec2-image:proof': 'full' } }] },
      /is tagged ec2-image:proof=full/,
    ],
    ['a snapshot of another account', { snapshots: [] }, /not among this account's own/],
  ])('refuses %s', (_, given, reason) => {
    const { fixes, refusals } = adopted(given);
    expect(fixes).toEqual([]);
    expect(refusals).toMatchObject([{ id: 'ami-0aaa', reason: expect.stringMatching(reason) }]);
  });
});
