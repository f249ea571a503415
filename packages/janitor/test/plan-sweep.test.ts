import {
  type DisabledMark,
  disabledKey,
  formatDisabledMark,
  provenanceKeys,
  snapshotOrigin,
  type Tags,
  writtenDescription,
} from '@ec2-image/provenance';
import { describe, expect, it } from 'vitest';
import { type Facts, type ResourceFact, refOf, type SnapshotFact } from '../src/facts.ts';
import type { Resource } from '../src/plan.ts';
import { planSweep, resourcesToExamine } from '../src/plan-sweep.ts';
import type { Policy } from '../src/policy.ts';
import {
  details,
  digest,
  facts,
  hoursAgo,
  image,
  imported,
  key,
  nothingAgainstImage,
  nothingAgainstSnapshot,
  object,
  ourImageTags,
  ourTags,
  policy,
  snapshot,
  task,
  upload,
} from './facts-builder.ts';

function withoutName({ 'ec2-image:name': _, ...tags }: Readonly<Record<string, string>>) {
  return tags;
}

/** Everything examined, and nothing found against it. */
function cleared(given: Facts): Facts {
  const of = <T>(resources: readonly ResourceFact[], seen: T) =>
    new Map(resources.map((resource) => [refOf(resource), { seen }]));
  return {
    ...given,
    details: details({
      uploads: of(given.uploads, { sizeBytes: 10, newestPartAt: hoursAgo(90) }),
      objects: of(given.objects, { provenance: ourTags(), tags: {} }),
      snapshots: of(given.snapshots, nothingAgainstSnapshot),
      images: of(given.images, nothingAgainstImage),
    }),
  };
}

function verdictOn(ref: string, given: Partial<Facts>, rules: Partial<Policy> = {}): string {
  const resource = planSweep(cleared(facts(given)), policy(rules)).resources.find(({ id }) => id === ref);
  return describeVerdict(resource);
}

const copiedFor = (imageId: string) =>
  snapshotOrigin({
    Description: `Copied for DestinationAmi ${imageId} from SourceAmi ami-0ccc for SourceSnapshot snap-0ccc. Task created on 1.`,
  });

function withoutTag(tags: Record<string, string>, key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => name !== key));
}

function describeVerdict(resource: Resource | undefined): string {
  if (resource === undefined) return 'absent';
  return resource.verdict === 'keep' ? `keep: ${resource.code}` : resource.verdict;
}

describe('a snapshot', () => {
  const cases: [string, string, Partial<Facts>, Partial<Policy>?][] = [
    ['created by ec2-image, old, of no AMI', 'delete', { snapshots: [snapshot()] }],
    [
      'proven by its task',
      'delete',
      { snapshots: [snapshot({ tags: {}, origin: imported('import-snap-0aaa') })], tasks: [task()] },
    ],
    [
      'made by a task of ec2-image, but of another origin',
      'absent',
      { snapshots: [snapshot({ tags: {} })], tasks: [task()] },
    ],
    [
      'proven by a task without tags that read from under the prefix',
      'delete',
      {
        snapshots: [snapshot({ tags: {}, origin: imported('import-snap-0aaa') })],
        tasks: [task({ tags: {} })],
      },
    ],
    [
      'of an import that read from elsewhere',
      'keep: no-proof',
      {
        snapshots: [snapshot({ tags: {}, origin: imported('import-snap-0aaa') })],
        tasks: [task({ tags: {}, bucket: 'other' })],
      },
    ],
    [
      'whose description names a task of ec2-image, which made another',
      'keep: no-proof',
      {
        snapshots: [snapshot({ tags: {}, origin: imported('import-snap-0aaa') })],
        tasks: [task({ snapshotId: 'snap-0bbb' })],
      },
    ],
    [
      'whose description names a task that nobody knows',
      'keep: no-proof',
      { snapshots: [snapshot({ tags: {}, origin: imported('import-snap-0aaa') })] },
    ],
    ['with the Name tag only', 'absent', { snapshots: [snapshot({ tags: { Name: 'fedora-i43' } })] }],
    ['pending', 'keep: live', { snapshots: [snapshot({ state: 'pending' })] }],
    ['in an unknown state', 'keep: live', { snapshots: [snapshot({ state: 'recovering' })] }],
    [
      'that its task is still making',
      'keep: live',
      { snapshots: [snapshot()], tasks: [task({ state: 'active' })] },
    ],
    ['of an AMI', 'keep: in-use', { snapshots: [snapshot()], images: [image()] }],
    [
      'of a disabled AMI',
      'keep: in-use',
      { snapshots: [snapshot()], images: [image({ state: 'disabled' })] },
    ],
    [
      'of somebody else’s AMI',
      'keep: in-use',
      { snapshots: [snapshot()], images: [image({ tags: {}, name: 'x' })] },
    ],
    [
      'of a failed AMI, which goes first',
      'delete',
      { snapshots: [snapshot()], images: [image({ state: 'failed' })] },
    ],
    [
      'of a failed AMI and a healthy one',
      'keep: in-use',
      { snapshots: [snapshot()], images: [image({ state: 'failed' }), image({ imageId: 'ami-0bbb' })] },
    ],
    [
      'made by an import, untagged, in a tagged AMI that is deleted',
      'delete',
      {
        snapshots: [snapshot({ tags: {}, origin: imported('import-snap-0fff') })],
        images: [image({ state: 'failed' })],
      },
    ],
    [
      'of unknown making in a tagged AMI that is deleted',
      'absent',
      { snapshots: [snapshot({ tags: {} })], images: [image({ state: 'failed' })] },
    ],
    [
      'of AWS Backup',
      'keep: protected',
      { snapshots: [snapshot({ tags: ourTags({ 'aws:backup:source-resource': 'x' }) })] },
    ],
    [
      'of a lifecycle policy',
      'keep: protected',
      { snapshots: [snapshot({ tags: ourTags({ 'dlm:managed': 'true' }) })] },
    ],
    ['permanent', 'keep: protected', { snapshots: [snapshot({ tags: ourTags({ permanent: 'true' }) })] }],
    [
      'tagged permanent=false',
      'delete',
      { snapshots: [snapshot({ tags: ourTags({ permanent: 'false' }) })] },
    ],
    [
      'with a kept tag of any value',
      'keep: protected',
      { snapshots: [snapshot({ tags: ourTags({ team: 'a' }) })] },
      { keepTags: [{ key: 'team' }] },
    ],
    [
      'with a kept tag of another value',
      'delete',
      { snapshots: [snapshot({ tags: ourTags({ team: 'a' }) })] },
      { keepTags: [{ key: 'team', value: 'b' }] },
    ],
    ['with the kept suffix', 'keep: protected', { snapshots: [snapshot()] }, { keepSuffixes: ['43'] }],
    [
      'with a longer suffix than the kept one',
      'delete',
      { snapshots: [snapshot()] },
      { keepSuffixes: ['3'] },
    ],
    ['in the archive tier', 'keep: in-use', { snapshots: [snapshot({ tier: 'archive' })] }],
    [
      'copied for an AMI that ec2-image copied, which failed',
      'delete',
      {
        snapshots: [snapshot({ origin: copiedFor('ami-0aaa'), tags: {} })],
        images: [image({ state: 'failed' })],
      },
    ],
    [
      'copied for another AMI than the one it is in',
      'keep: no-proof',
      {
        snapshots: [snapshot({ origin: copiedFor('ami-0bbb') })],
        images: [image({ state: 'failed' })],
      },
    ],
    ['without a time', 'keep: no-age', { snapshots: [snapshot({ startedAt: undefined })] }],
    ['from the future', 'keep: too-recent', { snapshots: [snapshot({ startedAt: hoursAgo(-1) })] }],
    [
      'an hour younger than the minimum age',
      'keep: too-recent',
      { snapshots: [snapshot({ startedAt: hoursAgo(23) })] },
    ],
    [
      'between the minimum age and twice the minimum age',
      'keep: resumable',
      { snapshots: [snapshot({ startedAt: hoursAgo(47) })] },
    ],
    ['as old as twice the minimum age', 'delete', { snapshots: [snapshot({ startedAt: hoursAgo(48) })] }],
    [
      'failed, as old as the minimum age',
      'delete',
      { snapshots: [snapshot({ state: 'error', startedAt: hoursAgo(24) })] },
    ],
    [
      'of a failed AMI, between the minimum age and twice the minimum age',
      'delete',
      { snapshots: [snapshot({ startedAt: hoursAgo(30) })], images: [image({ state: 'failed' })] },
    ],
    [
      'where the AMIs could not be read',
      'keep: unread',
      { snapshots: [snapshot()], gaps: [{ what: 'images', region: 'eu-west-1', detail: '' }] },
    ],
    [
      'where another region’s AMIs could not be read',
      'delete',
      { snapshots: [snapshot()], gaps: [{ what: 'images', region: 'us-east-1', detail: '' }] },
    ],
  ];
  it.each(cases)('%s: %s', (_, expected, given, rules) => {
    expect(verdictOn('snap-0aaa', given, rules)).toBe(expected);
  });

  it('that was not examined is kept', () => {
    const plan = planSweep(facts({ snapshots: [snapshot()] }), policy());
    expect(plan.resources.map(describeVerdict)).toEqual(['keep: unread']);
  });

  it.each([
    ['shared', { ...nothingAgainstSnapshot, sharedWith: ['123456789000'] }],
    ['shared', { ...nothingAgainstSnapshot, sharedWith: ['all'] }],
    ['protected', { ...nothingAgainstSnapshot, lock: 'governance' }],
    ['in-use', { ...nothingAgainstSnapshot, references: ['lt-0aaa version 1'] }],
    ['in-use', { ...nothingAgainstSnapshot, fastRestores: ['eu-west-1a'] }],
    ['in-use', { ...nothingAgainstSnapshot, tiering: 'archival-in-progress' }],
  ])('is kept as %s after examining %j', (code, seen) => {
    const given = facts({
      snapshots: [snapshot()],
      details: details({ snapshots: new Map([[refOf(snapshot()), { seen }]]) }),
    });
    expect(planSweep(given, policy()).resources.map(describeVerdict)).toEqual([`keep: ${code}`]);
  });

  it('that was deleted while it was examined is none', () => {
    const given = facts({
      snapshots: [snapshot()],
      details: details({ snapshots: new Map([[refOf(snapshot()), { seen: undefined }]]) }),
    });
    expect(planSweep(given, policy()).resources).toEqual([]);
  });

  it('names the import command that would finish it', () => {
    const recent = snapshot({ startedAt: hoursAgo(1) });
    const [resource] = planSweep(facts({ snapshots: [recent], tasks: [task()] }), policy()).resources;
    expect(resource).toMatchObject({
      suggestion: [
        ...['import', '--name', 'fedora', '--url', 'https://example.org/fedora.qcow2'],
        ...['--ami-name', 'fedora-i43'],
        ...['--sha256', '0123456789ab'.padEnd(64, 'c'), '--via', 's3', '--format', 'vhdx'],
        ...['--region', 'eu-west-1', '--arch', 'ARCH', '--bucket', 'imports'],
      ],
    });
  });

  it('names the configuration’s image where there is one', () => {
    const [resource] = planSweep(
      facts({ snapshots: [snapshot({ startedAt: hoursAgo(1) })] }),
      policy({ names: ['fedora'] }),
    ).resources;
    expect(resource).toMatchObject({
      suggestion: [
        ...[
          'import',
          'fedora',
          '--url',
          'https://example.org/fedora.qcow2',
          '--ami-name',
          'fedora-i43',
          '--sha256',
          '0123456789ab'.padEnd(64, 'c'),
        ],
        ...['--via', 's3', '--format', 'vhdx', '--region', 'eu-west-1'],
      ],
    });
  });

  const suggestionFor = (change: Partial<SnapshotFact>, given: Partial<Facts> = {}, names: string[] = []) => {
    const recent = snapshot({ startedAt: hoursAgo(1), ...change });
    const { resources } = planSweep(facts({ ...given, snapshots: [recent] }), policy({ names }));
    const resource = resources.find(({ kind }) => kind === 'snapshot');
    return resource?.verdict === 'keep' ? resource.suggestion : undefined;
  };
  const written = snapshotOrigin({ Description: writtenDescription(digest) });

  it('goes by way of EBS where that wrote the snapshot, and knows the architecture of an AMI of the same image', () => {
    const arm = image({ imageId: 'ami-0b', name: 'fedora-i1', architecture: 'arm64', snapshotIds: [] });
    const command = suggestionFor({ origin: written }, { images: [arm] });
    expect(command?.slice(-6)).toEqual(['--via', 'ebs', '--region', 'eu-west-1', '--arch', 'arm64']);
    const both = { images: [arm, { ...arm, imageId: 'ami-0c', name: 'fedora-i2', architecture: 'x86_64' }] };
    expect(suggestionFor({ origin: written }, both)?.slice(-1)).toEqual(['ARCH']);
    const other = ourImageTags();
    other[provenanceKeys.sourceDigest] = `sha256:${'f'.repeat(64)}`;
    expect(suggestionFor({ origin: written }, { images: [{ ...arm, tags: other }] })?.slice(-1)).toEqual([
      'ARCH',
    ]);
  });

  it.each<[string, Partial<SnapshotFact>, Partial<Facts>?, string[]?]>([
    ['the URL is not known', { tags: withoutTag(ourTags(), 'ec2-image:source-url') }],
    [
      'the URL was cut',
      { tags: ourTags({ 'ec2-image:source-url': `https://example.org/${'x'.repeat(236)}` }) },
    ],
    ['the name is not known', { tags: withoutTag(ourTags(), 'Name') }],
    ['the name is none of an AMI', { tags: ourTags({ Name: 'fedora-i$(reboot)' }) }],
    ['the name would be an option', { tags: ourTags({ Name: '--replace-i1' }) }, {}, ['--replace']],
    ['no tag says of which image it is', { tags: withoutTag(ourTags(), 'ec2-image:name') }],
    ['the URL could not be pasted', { tags: ourTags({ 'ec2-image:source-url': 'https://a/\u202e' }) }],
    ['another AMI has the name', {}, { images: [image({ snapshotIds: [] })] }, ['fedora']],
    [
      'only a task proves it, by the key that it read',
      { tags: {}, origin: imported('import-snap-0aaa') },
      { tasks: [task({ tags: {} })] },
      ['fedora'],
    ],
  ])('names none where %s', (_, change, given, names) => {
    expect(suggestionFor({})).toBeDefined();
    expect(suggestionFor(change, given, names)).toBeUndefined();
  });
});

/** As the janitor leaves it, between two runs. */
function marked({
  phase = 'disabled',
  because = 'named',
  state = 'disabled',
  tags = {},
}: Partial<DisabledMark> & { readonly state?: string; readonly tags?: Tags } = {}) {
  const mark = formatDisabledMark({ phase, because, at: '2026-11-20T00:00:00Z' });
  return image({ state, tags: { ...ourImageTags(), ...tags, [disabledKey]: mark } });
}

describe('an AMI', () => {
  const newer = image({
    imageId: 'ami-0new',
    name: 'fedora-i44',
    createdAt: hoursAgo(50),
    tags: ourImageTags('fedora-i44'),
  });
  const cases: [string, string, Partial<Facts>, Partial<Policy>?][] = [
    ['healthy', 'keep: healthy', { images: [image()] }],
    ['disabled', 'keep: healthy', { images: [image({ state: 'disabled' })] }],
    ['pending', 'keep: live', { images: [image({ state: 'pending' })] }],
    ['failed', 'delete', { images: [image({ state: 'failed' })] }],
    ['invalid', 'delete', { images: [image({ state: 'invalid' })] }],
    [
      'failed and recent',
      'keep: too-recent',
      { images: [image({ state: 'failed', createdAt: hoursAgo(2) })] },
    ],
    [
      'failed, without a time',
      'keep: no-age',
      { images: [image({ state: 'failed', createdAt: undefined })] },
    ],
    ['of somebody else', 'absent', { images: [image({ state: 'failed', tags: {} })] }],
    [
      'of somebody else, called as the configuration’s',
      'keep: no-proof',
      { images: [image({ state: 'failed', tags: {} })] },
      { names: ['fedora'] },
    ],
    [
      'of somebody else, named with --ami',
      'keep: no-proof',
      { images: [image({ tags: {} })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'untagged, failed, of a proven snapshot',
      'delete',
      { images: [image({ state: 'failed', tags: {} })], snapshots: [snapshot()] },
    ],
    ['lacking its tags', 'keep: lacks-tags', { images: [image({ tags: {} })], snapshots: [snapshot()] }],
    ['named with --ami', 'disable', { images: [image()] }, { amis: ['ami-0aaa'] }],
    [
      'named with --ami and --now',
      'delete',
      { images: [image()] },
      { amis: ['ami-0aaa'], deregisterNow: true },
    ],
    [
      'named with --ami, disabled by somebody',
      'keep: healthy',
      { images: [image({ state: 'disabled' })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'named with --ami and --now, disabled by somebody',
      'delete',
      { images: [image({ state: 'disabled' })] },
      { amis: ['ami-0aaa'], deregisterNow: true },
    ],
    ['named with --ami, disabled by the janitor', 'delete', { images: [marked()] }, { amis: ['ami-0aaa'] }],
    ['disabled by the janitor, not named any more', 'keep: healthy', { images: [marked()] }],
    [
      'disabled by the janitor, which ended before it said so',
      'delete',
      { images: [marked({ phase: 'disabling' })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'about to be disabled by a janitor that ended',
      'disable',
      { images: [marked({ phase: 'disabling', state: 'available' })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'disabled by the janitor, enabled by somebody since',
      'keep: protected',
      { images: [marked({ state: 'available' })] },
      { amis: ['ami-0aaa'] },
    ],
    ['half enabled again', 'enable', { images: [marked({ phase: 'enabling', state: 'available' })] }],
    [
      'disabled by the janitor as superseded, and not so any more',
      'enable',
      { images: [marked({ because: 'superseded' })] },
      { superseded: true },
    ],
    [
      'disabled by the janitor, protected since',
      'enable',
      { images: [marked({ tags: { permanent: 'true' } })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'named with --ami, launched an hour ago',
      'keep: too-recent',
      { images: [image({ lastLaunchedAt: hoursAgo(1) })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'named with --ami, public',
      'keep: shared',
      { images: [image({ isPublic: true })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'named with --ami, protected',
      'keep: protected',
      { images: [image({ protection: 'enabled-with-cooldown' })] },
      { amis: ['ami-0aaa'] },
    ],
    [
      'named with --ami, of AWS Backup',
      'keep: protected',
      { images: [image({ tags: { ...ourImageTags(), 'aws:backup:source-resource': 'x' } })] },
      { amis: ['ami-0aaa'] },
    ],
    ['superseded', 'disable', { images: [image(), newer] }, { superseded: true }],
    [
      'superseded, disabled by the janitor',
      'delete',
      { images: [marked({ because: 'superseded' }), newer] },
      { superseded: true },
    ],
    [
      'superseded by one of the same stream with another name',
      'disable',
      {
        images: [
          image({ tags: { ...ourImageTags(), [provenanceKeys.name]: 'fedora-aws' } }),
          {
            ...newer,
            name: 'cloud',
            tags: { ...ourImageTags('cloud'), [provenanceKeys.name]: 'fedora-aws' },
          },
        ],
      },
      { superseded: true },
    ],
    [
      'beside a newer one of the same name and another stream',
      'keep: healthy',
      {
        images: [
          image({ tags: { ...ourImageTags(), [provenanceKeys.name]: 'fedora' } }),
          { ...newer, tags: { ...newer.tags, [provenanceKeys.name]: 'other' } },
        ],
      },
      { superseded: true },
    ],
    ['superseded, but nobody asked', 'keep: healthy', { images: [image(), newer] }],
    [
      'superseded by one that is pending',
      'keep: healthy',
      { images: [image(), { ...newer, state: 'pending' }] },
      { superseded: true },
    ],
    [
      'superseded by somebody else’s',
      'keep: healthy',
      { images: [image(), { ...newer, tags: {} }] },
      { superseded: true },
    ],
    [
      'beside an older one',
      'keep: healthy',
      { images: [image(), { ...newer, createdAt: hoursAgo(200) }] },
      { superseded: true },
    ],
    [
      'beside a newer one of another architecture',
      'keep: healthy',
      { images: [image(), { ...newer, architecture: 'arm64' }] },
      { superseded: true },
    ],
    [
      'beside a newer one of another name',
      'keep: healthy',
      {
        images: [
          image(),
          { ...newer, name: 'debian-i44', tags: { ...newer.tags, 'ec2-image:name': 'debian' } },
        ],
      },
      { superseded: true },
    ],
    [
      'beside a newer one that only its name puts beside it',
      'keep: healthy',
      { images: [image(), { ...newer, tags: withoutName(newer.tags) }] },
      { superseded: true },
    ],
    [
      'beside a newer one in another region',
      'keep: healthy',
      { images: [image(), { ...newer, region: 'us-east-1' }] },
      { superseded: true },
    ],
    [
      'superseded, registered by hand from a proven snapshot',
      'keep: lacks-tags',
      { images: [image({ tags: {} }), newer], snapshots: [snapshot()] },
      { superseded: true },
    ],
    [
      'superseded, with the kept suffix',
      'keep: protected',
      { images: [image(), newer] },
      { superseded: true, keepSuffixes: ['43'] },
    ],
    [
      'where the list broke off',
      'keep: unread',
      { images: [image({ state: 'failed' })], gaps: [{ what: 'images', region: 'eu-west-1', detail: '' }] },
    ],
  ];
  it.each(cases)('%s: %s', (_, expected, given, rules) => {
    expect(verdictOn('ami-0aaa', given, rules)).toBe(expected);
  });

  it.each([
    ['in-use', { ...nothingAgainstImage, references: ['i-0aaa'] }],
    ['shared', { ...nothingAgainstImage, sharedWith: ['all'] }],
    ['too-recent', { ...nothingAgainstImage, lastLaunchedAt: hoursAgo(3) }],
  ])('is kept as %s after examining %j', (code, seen) => {
    const failed = image({ state: 'failed' });
    const given = facts({
      images: [failed],
      details: details({ images: new Map([[refOf(failed), { seen }]]) }),
    });
    expect(planSweep(given, policy()).resources.map(describeVerdict)).toEqual([`keep: ${code}`]);
  });

  it('whose references could not be read keeps its snapshots, too', () => {
    const images = new Map([[refOf(image()), { unseen: 'AccessDenied' }]]);
    const given = facts({
      images: [image({ state: 'failed' })],
      snapshots: [snapshot()],
      details: details({ images }),
    });
    expect(planSweep(given, policy()).resources.map(describeVerdict)).toEqual([
      'keep: unread',
      'keep: in-use',
    ]);
  });

  it('that lacks tags names them and the command that adds them', () => {
    const lacking = image({
      tags: { ...ourImageTags(), automation: undefined as never, Name: undefined as never },
    });
    const [resource] = planSweep(facts({ images: [lacking] }), policy()).resources;
    expect(resource).toMatchObject({
      reason: 'healthy AMI without the tags Name, automation',
      suggestion: ['tag-fix', 'ami-0aaa', '--region', 'eu-west-1'],
    });
  });

  it('named with --ami and not there is noticed', () => {
    expect(planSweep(facts(), policy({ amis: ['ami-0nil'] })).notices).toEqual([
      expect.stringMatching(/^Not visible to ec2-image: .*Batch, EMR, Elastic Beanstalk, .*code/),
      "ami-0nil was named with --ami, but is not among this account's AMIs in eu-west-1.",
    ]);
  });
});

describe('an import task', () => {
  const running = task({ state: 'active', snapshotId: undefined });
  const cases: [string, string, Partial<Facts>, Partial<Policy>?][] = [
    ['running and old', 'delete', { tasks: [running] }],
    [
      'running and recent',
      'keep: too-recent',
      {
        tasks: [
          { ...running, tags: ourTags({ [provenanceKeys.startedAt]: new Date(hoursAgo(2)).toISOString() }) },
        ],
      },
    ],
    ['running, without a time', 'keep: no-age', { tasks: [{ ...running, tags: {} }] }],
    ['being cancelled', 'keep: live', { tasks: [{ ...running, state: 'cancelling' }] }],
    ['in a state nobody knows', 'keep: live', { tasks: [{ ...running, state: 'pondering' }] }],
    ['completed', 'absent', { tasks: [task()] }],
    ['failed', 'absent', { tasks: [task({ state: 'deleted' })] }],
    ['of somebody else', 'absent', { tasks: [{ ...running, tags: {}, key: 'other/x.vhdx' }] }],
    ['in a region that was not asked for', 'absent', { tasks: [{ ...running, region: 'us-east-1' }] }],
    [
      'with a kept tag',
      'keep: protected',
      { tasks: [{ ...running, tags: ourTags({ hold: '' }) }] },
      { keepTags: [{ key: 'hold' }] },
    ],
    [
      'where the list broke off',
      'keep: unread',
      { tasks: [running], gaps: [{ what: 'tasks', region: 'eu-west-1', detail: '' }] },
    ],
  ];
  it.each(cases)('%s: %s', (_, expected, given, rules) => {
    expect(verdictOn('import-snap-0aaa', given, rules)).toBe(expected);
  });

  it.each(['', 'ec2-image/'])(
    'without tags, under the prefix %j, counts only if its key matches the whole pattern',
    (prefix) => {
      const bare = (given: string) =>
        verdictOn('import-snap-0aaa', {
          prefixes: [prefix],
          tasks: [{ ...running, tags: {}, key: `${prefix}${given}` }],
        });
      expect(bare('fedora-i43/0123456789ab.vhdx')).toBe('keep: no-age');
      expect(bare('backup.vhdx')).toBe('absent');
    },
  );
});

describe('an object', () => {
  const reader = task({ state: 'active', snapshotId: undefined });
  const cases: [string, string, Partial<Facts>, Partial<Policy>?][] = [
    ['old, read by nobody', 'delete', { objects: [object()] }],
    ['left by a failed task', 'delete', { objects: [object()], tasks: [task({ state: 'deleted' })] }],
    [
      'that a recent task reads',
      'keep: live',
      {
        objects: [object()],
        tasks: [
          {
            ...reader,
            tags: { ...ourTags(), [provenanceKeys.startedAt]: new Date(hoursAgo(1)).toISOString() },
          },
        ],
      },
    ],
    [
      'that somebody else’s task reads',
      'keep: live',
      { objects: [object()], tasks: [{ ...reader, tags: {} }] },
    ],
    [
      'that a task being cancelled reads',
      'keep: live',
      { objects: [object()], tasks: [{ ...reader, state: 'deleting' }] },
    ],
    ['that a task reads which is to be cancelled', 'delete', { objects: [object()], tasks: [reader] }],
    ['too-recent', 'keep: too-recent', { objects: [object({ modifiedAt: hoursAgo(1) })] }],
    ['without a time', 'keep: no-age', { objects: [object({ modifiedAt: undefined })] }],
    ['with the kept suffix', 'keep: protected', { objects: [object()] }, { keepSuffixes: ['43'] }],
    [
      'where the tasks could not be read',
      'keep: unread',
      { objects: [object()], gaps: [{ what: 'tasks', region: 'eu-west-1', detail: '' }] },
    ],
    [
      'where the bucket could not be read',
      'keep: unread',
      {
        objects: [object()],
        gaps: [{ what: 'objects', region: 'eu-west-1', bucket: 'imports', detail: '' }],
      },
    ],
    [
      'where another bucket could not be read',
      'delete',
      { objects: [object()], gaps: [{ what: 'objects', region: 'eu-west-1', bucket: 'other', detail: '' }] },
    ],
  ];
  it.each(cases)('%s: %s', (_, expected, given, rules) => {
    expect(verdictOn(key, given, rules)).toBe(expected);
  });

  it.each([
    ['keep: no-proof', { provenance: {}, tags: {} }],
    [
      'keep: no-proof',
      { provenance: { ...ourTags(), [provenanceKeys.sourceDigest]: `sha256:${'f'.repeat(64)}` }, tags: {} },
    ],
    ['keep: protected', { provenance: ourTags(), tags: { permanent: 'true' } }],
    ['keep: protected', { provenance: ourTags(), tags: {}, lock: 'legal hold' }],
    ['absent', undefined],
  ])('is %s after examining %j', (expected, seen) => {
    const given = facts({
      objects: [object()],
      details: details({ objects: new Map([[refOf(object()), { seen }]]) }),
    });
    expect(describeVerdict(planSweep(given, policy()).resources[0])).toBe(expected);
  });
});

describe('an upload', () => {
  const cases: [string, string, Partial<Facts>, Partial<Policy>?][] = [
    ['old', 'delete', { uploads: [upload()] }],
    ['too-recent', 'keep: too-recent', { uploads: [upload({ initiatedAt: hoursAgo(1) })] }],
    ['without a time', 'keep: no-age', { uploads: [upload({ initiatedAt: undefined })] }],
    ['to a key of another shape', 'absent', { uploads: [upload({ key: 'ec2-image/backup.tar' })] }],
    ['with the kept suffix', 'keep: protected', { uploads: [upload()] }, { keepSuffixes: ['43'] }],
    [
      'where the list broke off',
      'keep: unread',
      {
        uploads: [upload()],
        gaps: [{ what: 'uploads', region: 'eu-west-1', bucket: 'imports', detail: '' }],
      },
    ],
  ];
  it.each(cases)('%s: %s', (_, expected, given, rules) => {
    expect(verdictOn('upload-1', given, rules)).toBe(expected);
  });

  it.each([
    ['keep: too-recent', { seen: { sizeBytes: 1, newestPartAt: hoursAgo(1) } }],
    ['delete', { seen: { sizeBytes: 0 } }],
    ['absent', { seen: undefined }],
    ['keep: unread', { unseen: 'SlowDown' }],
  ])('is %s after examining %j', (expected, detail) => {
    const given = facts({
      uploads: [upload()],
      details: details({ uploads: new Map([[refOf(upload()), detail]]) }),
    });
    expect(describeVerdict(planSweep(given, policy()).resources[0])).toBe(expected);
  });
});

describe('a plan', () => {
  it('takes objects last, and says what depends on what', () => {
    const given = cleared(
      facts({
        uploads: [upload()],
        objects: [object()],
        tasks: [task({ taskId: 'import-snap-0bbb', state: 'active', snapshotId: undefined })],
        snapshots: [snapshot()],
        images: [image({ state: 'failed' })],
      }),
    );
    expect(
      planSweep(given, policy()).resources.map(({ kind, verdict, dependents }) => [
        kind,
        verdict,
        dependents,
      ]),
    ).toEqual([
      ['upload', 'delete', []],
      ['task', 'delete', []],
      ['ami', 'delete', []],
      ['snapshot', 'delete', ['ami-0aaa']],
      ['object', 'delete', ['import-snap-0bbb']],
    ]);
  });

  it('examines only what would otherwise be deleted', () => {
    const given = facts({
      snapshots: [snapshot(), snapshot({ snapshotId: 'snap-0bbb', startedAt: hoursAgo(1) })],
      images: [image({ snapshotIds: [] }), image({ imageId: 'ami-0bbb', state: 'failed', snapshotIds: [] })],
      objects: [object(), object({ key: `${key}x` })],
    });
    expect(resourcesToExamine(given, policy()).map(refOf)).toEqual([
      'eu-west-1/ami-0bbb',
      'eu-west-1/snap-0aaa',
      `s3://imports/${key}`,
    ]);
  });

  it('says so where S3 was left out', () => {
    expect(planSweep(facts({ buckets: [] }), policy()).notices).toEqual([
      'S3 was not scanned: no bucket given.',
    ]);
  });
});
