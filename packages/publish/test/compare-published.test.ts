import { describe, expect, test } from 'vitest';
import {
  type Change,
  type ConfiguredAmi,
  comparePublished,
  describeChange,
  describeDifference,
  isRevoking,
  type PublishedAmi,
} from '../src/index.ts';

const now = Date.parse('2026-11-27T12:00:30Z');
const account = '123456789012';
const [one, two] = ['111111111111', '222222222222'];
const organization = 'arn:aws:organizations::123456789012:organization/o-abcdefghij';

const found = (facts: Partial<PublishedAmi> = {}): PublishedAmi => ({
  region: 'eu-west-1',
  imageId: 'ami-1',
  name: 'fedora-i1',
  state: 'available',
  ownerId: account,
  tags: {},
  snapshots: [{ snapshotId: 'snap-1', encrypted: false, grantees: [], isSharedByAmis: false }],
  grantees: [],
  protection: 'disabled',
  parameters: [],
  ...facts,
});
const snapshot = (grantees: readonly string[], isSharedByAmis = false) => ({
  snapshots: [{ snapshotId: 'snap-1', encrypted: false, grantees, isSharedByAmis }],
});
const audience = (who: Partial<NonNullable<ConfiguredAmi['audience']>> = {}) => ({
  accounts: [],
  organizations: [],
  organizationalUnits: [],
  public: false,
  ...who,
});
const compare = (configured: Partial<ConfiguredAmi>, facts?: PublishedAmi): Change[] =>
  comparePublished({ parameters: [], ...configured }, facts, { account, region: 'eu-west-1', now });
const words = (configured: Partial<ConfiguredAmi>, facts: PublishedAmi | undefined = found()) =>
  compare(configured, facts).map(describeChange);

describe('what differs', () => {
  test('is nothing where nothing is configured, whatever is there', () => {
    const shared = found({
      grantees: [one],
      ...snapshot(['all']),
      deprecatedAt: now,
      protection: 'enabled-with-cooldown',
    });
    expect(words({}, shared)).toEqual([]);
  });

  test('of a region without a copy is the copy, and all that follows it', () => {
    const configured = {
      audience: audience({ accounts: [one] }),
      deprecateAt: Date.parse('2027-03-01T00:00Z'),
      protection: 'enabled-without-cooldown' as const,
      parameters: [
        { name: '/latest', latest: true },
        { name: '/v1', latest: false },
      ],
    };
    expect(compare(configured, undefined).map(describeChange)).toEqual([
      'copy to eu-west-1',
      `share its snapshot with ${one}`,
      `share the AMI with ${one}`,
      'deprecate at 2027-03-01T00:00Z',
      'deregistration protection enabled-without-cooldown',
      'create /v1',
      'create /latest',
    ]);
  });

  test('of permissions is revoked on the AMI first, and granted on the snapshot first', () => {
    const changes = compare(
      { audience: audience({ accounts: [two, account], organizations: [organization], public: true }) },
      found({ grantees: [one], ...snapshot([one]) }),
    );
    expect(changes.map(describeChange)).toEqual([
      `revoke ami-1 from ${one}`,
      `revoke snap-1 from ${one}`,
      `share snap-1 with ${two}, everybody`,
      `share ami-1 with ${two}, everybody, o-abcdefghij`,
    ]);
    expect(changes.map(isRevoking)).toEqual([true, true, false, false]);
    expect(changes.map(describeDifference)).toContain(`snap-1 is still shared with ${one}`);
  });

  test('of a snapshot that another AMI is made of too is never revoked', () => {
    expect(words({ audience: audience() }, found({ grantees: [one], ...snapshot([one], true) }))).toEqual([
      `revoke ami-1 from ${one}`,
    ]);
  });

  test.each([
    ['none set', undefined, '2027-01-01T00:00:20Z', ['deprecate at 2027-01-01T00:00Z']],
    ['the same minute', '2027-01-01T00:00:00Z', '2027-01-01T00:00:20Z', []],
    ['another time', '2027-01-02T00:00:00Z', '2027-01-01T00:00:00Z', ['deprecate at 2027-01-01T00:00Z']],
    ['both have passed', '2026-11-27T12:03:00Z', '2026-01-01T00:00:00Z', []],
    ['one has passed that is not set', undefined, '2026-01-01T00:00:00Z', ['deprecate at 2026-01-01T00:00Z']],
  ])('of deprecation: %s', (_title, current, wanted, expected) => {
    const facts = found({ ...(current !== undefined && { deprecatedAt: Date.parse(current) }) });
    expect(words({ deprecateAt: Date.parse(wanted) }, facts)).toEqual(expected);
  });

  test.each([
    ['disabled until 2026-11-28T12:00:00Z', 'disabled', []],
    ['disabled', 'enabled-with-cooldown', ['deregistration protection enabled-with-cooldown']],
    ['enabled-with-cooldown', 'disabled', ['deregistration protection disabled']],
  ] as const)('of protection: %s, configured %s', (protection, wanted, expected) => {
    expect(words({ protection: wanted }, found({ protection }))).toEqual(expected);
  });

  test('of parameters: latest last, and nothing of one that names this AMI', () => {
    const parameters = [
      { name: '/latest', latest: true },
      { name: '/v1', latest: false },
      { name: '/v2', latest: false },
    ];
    const facts = found({
      parameters: [
        { name: '/v1', value: 'ami-1', dataType: 'aws:ec2:image' },
        { name: '/latest', value: 'ami-0', dataType: 'aws:ec2:image' },
        { name: '/v2' },
      ],
    });
    expect(words({ parameters }, facts)).toEqual(['create /v2', 'move /latest from ami-0']);
  });
});
