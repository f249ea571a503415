import { bootTestKey, disabledKey, formatStartedAt, provenanceKeys, retiredKey } from '@ec2-image/provenance';
import { describe, expect, it } from 'vitest';
import { type Facts, type ImageDetail, type ImageFact, refOf, type SnapshotFact } from '../src/facts.ts';
import { countedDeletes } from '../src/plan.ts';
import { planRetirement } from '../src/plan-retirement.ts';
import { resourcesToExamine } from '../src/plan-sweep.ts';
import type { Policy, RetainedStream } from '../src/policy.ts';
import {
  details,
  facts,
  hoursAgo,
  image,
  nothingAgainstImage,
  nothingAgainstSnapshot,
  now,
  ourImageTags,
  ourTags,
  policy,
  snapshot,
} from './facts-builder.ts';

const dayMs = 24 * 3_600_000;
const stream = {
  name: 'fedora',
  count: 2,
  ageMs: 30 * dayMs,
  graceMs: 14 * dayMs,
  sharedByConfiguration: false,
} satisfies RetainedStream;

/** `ami-0a1` is the newest, and a month older each further one. */
const ids = ['ami-0a1', 'ami-0a2', 'ami-0a3', 'ami-0a4'];
const monthly = (number: number, fields: Partial<ImageFact> = {}): ImageFact => {
  const createdAt = hoursAgo(24 * 31 * number);
  return image({
    imageId: `ami-0a${number}`,
    name: `fedora-i${number}`,
    createdAt,
    snapshotIds: [`snap-0a${number}`],
    ...fields,
    tags: {
      ...ourImageTags(`fedora-i${number}`),
      [provenanceKeys.startedAt]: formatStartedAt(new Date(createdAt)),
      ...fields.tags,
    },
  });
};
const createSnapshots = (images: readonly ImageFact[]): SnapshotFact[] =>
  images.flatMap(({ region, snapshotIds }) =>
    snapshotIds.map((snapshotId) => snapshot({ region, snapshotId, startedAt: hoursAgo(24 * 31) })),
  );
const longAgo = { deprecatesAt: now - 15 * dayMs };
const disabled = {
  ...longAgo,
  state: 'disabled',
  tags: { [disabledKey]: 'disabled 2026-11-20T10:00:00Z retired' },
};

/** The verdicts on the AMIs and snapshots, with the code of what is kept. */
function verdicts({
  images,
  detail = nothingAgainstImage,
  retain = stream,
  rules = {},
  more = {},
}: {
  readonly images: readonly ImageFact[];
  readonly detail?: ImageDetail;
  readonly retain?: RetainedStream;
  readonly rules?: Partial<Policy>;
  readonly more?: Partial<Facts>;
}): Record<string, string> {
  const snapshots = more.snapshots ?? createSnapshots(images);
  const plan = planRetirement(
    facts({
      images,
      snapshots,
      details: details({
        images: new Map(images.map((one) => [`${one.region}/${one.imageId}`, { seen: detail }])),
        snapshots: new Map(
          snapshots.map((one) => [`${one.region}/${one.snapshotId}`, { seen: nothingAgainstSnapshot }]),
        ),
      }),
      ...more,
    }),
    { ...policy(rules), retain: [retain] },
  );
  return Object.fromEntries(
    plan.resources.map((one) => [
      one.region === 'eu-west-1' ? one.id : `${one.region}/${one.id}`,
      one.verdict === 'keep' ? `keep ${one.code}` : one.verdict,
    ]),
  );
}

const months = (...more: ImageFact[]) => [monthly(1), monthly(2), ...more];
/** What is retained in any case. */
const kept = { 'ami-0a1': 'keep retained', 'ami-0a2': 'keep retained' };

describe('the third of a stream that retains two', () => {
  it.for<[string, Partial<ImageFact>, string, ImageDetail?]>([
    ['never deprecated', {}, 'deprecate'],
    ['deprecated only in the future', { deprecatesAt: now + dayMs }, 'deprecate'],
    [
      'shared and never deprecated',
      {},
      'deprecate',
      { ...nothingAgainstImage, sharedWith: ['210987654321'] },
    ],
    ['launched an hour ago, never deprecated', { lastLaunchedAt: hoursAgo(1) }, 'deprecate'],
    [
      'named by latest',
      {},
      'keep in-use',
      { ...nothingAgainstImage, references: ['arn:aws:ssm:eu-west-1:123456789012:parameter/images/latest'] },
    ],
    [
      'used by an instance, never deprecated',
      {},
      'deprecate',
      { ...nothingAgainstImage, references: ['arn:aws:ec2:eu-west-1:123456789012:instance/i-0a'] },
    ],
    ['deprecated a minute ago', { deprecatesAt: now - 60_000 }, 'keep in-grace'],
    ['deprecated from the next minute on', { deprecatesAt: now + 60_000 }, 'keep in-grace'],
    ['in grace for another hour', { deprecatesAt: now - 14 * dayMs + 3_600_000 }, 'keep in-grace'],
    ['after its grace', longAgo, 'disable'],
    ['after its grace, shared', longAgo, 'disable', { ...nothingAgainstImage, sharedWith: ['210987654321'] }],
    ['after its grace, public', { ...longAgo, isPublic: true }, 'disable'],
    ['launched yesterday', { ...longAgo, lastLaunchedAt: hoursAgo(23) }, 'keep too-recent'],
    [
      'launched as only its attribute tells',
      longAgo,
      'keep too-recent',
      { ...nothingAgainstImage, lastLaunchedAt: hoursAgo(23) },
    ],
    ['in use', longAgo, 'keep in-use', { ...nothingAgainstImage, references: ['fleet-0a'] }],
    ['protected from deregistration', { ...longAgo, protection: 'enabled-with-cooldown' }, 'keep protected'],
    ['tagged permanent', { ...longAgo, tags: { permanent: 'true' } }, 'keep protected'],
    ['of AWS Backup', { ...longAgo, tags: { 'aws:backup:source-resource': 'x' } }, 'keep protected'],
    ['disabled by somebody else', { ...longAgo, state: 'disabled' }, 'keep protected'],
    [
      'disabled by the janitor',
      { ...disabled, tags: { [disabledKey]: 'disabled 2026-11-20T10:00:00Z superseded' } },
      'keep healthy',
    ],
    ['enabled by somebody', { ...disabled, state: 'available' }, 'keep protected'],
    ['disabled and unused', disabled, 'delete'],
    [
      'being disabled by a run that ended',
      { ...disabled, tags: { [disabledKey]: 'disabling 2026-11-20T10:00:00Z retired' } },
      'delete',
    ],
    [
      'about to be disabled by a run that ended',
      { ...disabled, state: 'available', tags: { [disabledKey]: 'disabling 2026-11-20T10:00:00Z retired' } },
      'disable',
    ],
    [
      'being enabled by a run that ended',
      { ...disabled, tags: { [disabledKey]: 'enabling 2026-11-20T10:00:00Z retired' } },
      'enable',
    ],
    ['disabled and in use', disabled, 'enable', { ...nothingAgainstImage, references: ['fleet-0a'] }],
    ['disabled, its launch reported late', { ...disabled, lastLaunchedAt: hoursAgo(2) }, 'enable'],
    [
      'disabled and protected meanwhile',
      { ...disabled, tags: { ...disabled.tags, permanent: 'true' } },
      'enable',
    ],
    ['pending', { state: 'pending' }, 'keep live'],
    ['copied by somebody', { ...longAgo, foreignOrigin: 'is a copy of ami-0b' }, 'keep no-proof'],
    ['of unknown age', { ...longAgo, createdAt: undefined }, 'keep retained'],
  ])('%s: %s', ([, fields, expected, detail]) => {
    expect(verdicts({ images: months(monthly(3, fields)), detail })).toMatchObject({ 'ami-0a3': expected });
  });

  it.for<[string, Partial<ImageFact>]>([
    ['deregistered', { state: 'deregistered' }],
    ['failed', { state: 'failed' }],
    ['of no stream', { tags: { [provenanceKeys.name]: 'debian' } }],
  ])('%s: says nothing of it', ([, fields]) => {
    expect(verdicts({ images: months(monthly(3, fields)) })).toEqual(kept);
  });
});

describe('how much stays', () => {
  const all = ids.map((_, index) => monthly(index + 1));

  it.for<[string, Partial<RetainedStream>, string[]]>([
    ['the newest two', {}, ['ami-0a3', 'ami-0a4']],
    ['the newest', { count: 1 }, ['ami-0a2', 'ami-0a3', 'ami-0a4']],
    ['all that are younger, whatever their number', { count: 1, ageMs: 100 * dayMs }, ['ami-0a4']],
    ['by number alone', { count: 3, ageMs: undefined }, ['ami-0a4']],
    ['more than there are', { count: 9 }, []],
  ])('%s', ([, fields, retired]) => {
    const found = verdicts({ images: all, retain: { ...stream, ...fields } });
    expect(ids.filter((id) => found[id] === 'deprecate')).toEqual(retired);
    expect(Object.keys(found).sort()).toEqual(ids);
  });

  it('counts each architecture and each region for itself', () => {
    const others = [3, 4].flatMap((number) => [
      monthly(number, { imageId: `ami-0b${number}`, architecture: 'arm64' }),
      monthly(number, { imageId: `ami-0c${number}`, region: 'us-east-1' }),
    ]);
    const found = verdicts({ images: [...all, ...others] });
    for (const id of ['ami-0b3', 'ami-0b4', 'us-east-1/ami-0c3', 'us-east-1/ami-0c4'])
      expect(found[id]).toBe('keep retained');
    expect(found['ami-0a3']).toBe('deprecate');
  });

  it.for<[string, Partial<ImageFact>]>([
    ['whose boot test failed', { tags: { [bootTestKey]: 'failed' } }],
    ['that is disabled', { state: 'disabled' }],
    ['that is not ready', { state: 'pending' }],
    ['that somebody copied', { foreignOrigin: 'is a copy of ami-0b' }],
  ])('a newer one %s pushes none out', ([, fields]) => {
    const found = verdicts({ images: [monthly(1, fields), monthly(2), monthly(3)] });
    expect(found).toMatchObject({ 'ami-0a2': 'keep retained', 'ami-0a3': 'keep retained' });
  });

  it('an old image that was copied to a region lately is not the newest there', () => {
    const copied = monthly(4, { createdAt: hoursAgo(24 * 31) - 1 });
    expect(
      verdicts({ images: months(monthly(3), copied), retain: { ...stream, ageMs: undefined } }),
    ).toMatchObject({
      ...kept,
      'ami-0a3': 'deprecate',
      'ami-0a4': 'deprecate',
    });
  });

  it('is retained again: enables what it had disabled, and no more', () => {
    const images = months(monthly(3, disabled));
    expect(verdicts({ images, retain: { ...stream, count: 3 } })).toMatchObject({ 'ami-0a3': 'enable' });
  });
});

it('--keep-tag and --keep-suffix keep it from being deprecated, too', () => {
  const images = months(monthly(3, { tags: { stage: 'lts' } }), monthly(4));
  const rules = { keepTags: [{ key: 'stage' }], keepSuffixes: ['4'] };
  expect(verdicts({ images, rules })).toEqual({
    ...kept,
    'ami-0a3': 'keep protected',
    'ami-0a4': 'keep protected',
  });
});

describe('its snapshots', () => {
  const going = months(monthly(3, disabled));

  it('go with it, and those of the others are not spoken of', () => {
    expect(verdicts({ images: going })).toEqual({ ...kept, 'ami-0a3': 'delete', 'snap-0a3': 'delete' });
  });

  it('stay while it is only disabled, and with another AMI of them', () => {
    expect(verdicts({ images: months(monthly(3, longAgo)) })).not.toHaveProperty('snap-0a3');
    const other = image({ imageId: 'ami-0ff', name: 'by hand', snapshotIds: ['snap-0a3'], tags: {} });
    expect(verdicts({ images: [...going, other] })).toMatchObject({
      'ami-0a3': 'delete',
      'snap-0a3': 'keep in-use',
    });
  });

  it('go although they are shared', () => {
    const shared = { seen: { ...nothingAgainstSnapshot, sharedWith: ['all'] } };
    const images = new Map(
      going.map((one) => [`${one.region}/${one.imageId}`, { seen: nothingAgainstImage }]),
    );
    const more = { details: details({ images, snapshots: new Map([['eu-west-1/snap-0a3', shared]]) }) };
    expect(verdicts({ images: going, more })).toMatchObject({ 'snap-0a3': 'delete' });
  });

  it.for<[string, Partial<SnapshotFact>, string | undefined]>([
    ['deregistered by a run that ended then: go', { tags: ourTags({ [retiredKey]: 'ami-0a3' }) }, 'delete'],
    ['deregistered by somebody: are not spoken of', {}, undefined],
    [
      'deregistered by a run, of another stream: are not spoken of',
      { tags: ourTags({ [retiredKey]: 'ami-0a3', [provenanceKeys.name]: 'debian' }) },
      undefined,
    ],
    [
      'deregistered by a run, and archived by somebody: stay',
      { tags: ourTags({ [retiredKey]: 'ami-0a3' }), tier: 'archive' },
      'keep in-use',
    ],
  ])('of an AMI that is %s', ([, fields, expected]) => {
    const left = snapshot({ snapshotId: 'snap-0a3', ...fields });
    expect(verdicts({ images: months(), more: { snapshots: [left] } })['snap-0a3']).toBe(expected);
  });
});

it.for<[string, Partial<Facts>]>([
  ['the list of AMIs', { gaps: [{ what: 'images', region: 'eu-west-1', detail: 'denied' }] }],
  ['what uses it', { details: details({ images: new Map([['eu-west-1/ami-0a3', { unseen: 'denied' }]]) }) }],
])('could not be read, %s: keeps it', ([, more]) => {
  expect(verdicts({ images: months(monthly(3, disabled)), more })['ami-0a3']).toBe('keep unread');
});

it('the cap counts what is disabled and deleted, and nothing that can be launched afterwards', () => {
  const images = [...months(), monthly(3), monthly(4, longAgo)];
  const plan = planRetirement(
    facts({
      images,
      snapshots: createSnapshots(images),
      details: details({
        images: new Map(images.map((one) => [`eu-west-1/${one.imageId}`, { seen: nothingAgainstImage }])),
      }),
    }),
    { ...policy(), retain: [stream] },
  );
  expect(plan.resources.map(({ verdict }) => verdict)).toEqual(['keep', 'keep', 'deprecate', 'disable']);
  expect(countedDeletes(plan)).toBe(1);
});

it('examines the AMIs that are too old, and the snapshots of those alone that an earlier run has disabled', () => {
  const images = [...months(), monthly(3), monthly(4, disabled)];
  const bare = facts({ images, snapshots: createSnapshots(images) });
  expect(resourcesToExamine(bare, { ...policy(), retain: [stream] }).map(refOf)).toEqual([
    'eu-west-1/ami-0a3',
    'eu-west-1/ami-0a4',
    'eu-west-1/snap-0a4',
  ]);
});
