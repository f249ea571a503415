import { expect, test } from 'vitest';
import { whyNotLatest } from '../src/index.ts';
import { findObstacles, type Sharable } from '../src/region/obstacles.ts';

const nobody = { accounts: [], organizations: [], organizationalUnits: [], public: false };
const everybody = { ...nobody, public: true };
const some = { ...nobody, accounts: ['111111111111'] };
const open = {
  encryptsByDefault: false,
  blocksPublicAmis: false,
  blocksPublicSnapshots: false,
  publicAmis: 0,
};

test.each<[string, Partial<Sharable>, string[]]>([
  ['nobody asks for anything', { audience: undefined, encrypted: true, hasAwsKey: true }, []],
  ['shared with nobody', { audience: nobody, encrypted: true, hasAwsKey: true }, []],
  ['nothing in the way', { audience: everybody }, []],
  ['encrypted, and public', { audience: everybody, encrypted: true }, ['SHARE_ENCRYPTED']],
  [
    "encrypted with AWS's key, and shared",
    { audience: some, encrypted: true, hasAwsKey: true },
    ['SHARE_AWS_KEY'],
  ],
  ["encrypted with one's own key, and shared", { audience: some, encrypted: true }, []],
  [
    'public access is blocked',
    { audience: everybody, settings: { ...open, blocksPublicAmis: true, blocksPublicSnapshots: true } },
    ['PUBLIC_ACCESS_BLOCKED', 'PUBLIC_ACCESS_BLOCKED'],
  ],
  ['blocked, but not asked for', { audience: some, settings: { ...open, blocksPublicAmis: true } }, []],
  [
    'as many public AMIs as may be',
    { audience: everybody, settings: { ...open, publicAmis: 5 }, publicAmiLimit: 5 },
    ['PUBLIC_AMI_QUOTA'],
  ],
  [
    'as many public AMIs as may be, once those before it are public',
    {
      audience: everybody,
      settings: { ...open, publicAmis: 3 },
      publicAmisToCome: 2,
      publicAmiLimit: 5,
    },
    ['PUBLIC_AMI_QUOTA'],
  ],
  [
    'public already',
    {
      audience: everybody,
      grantees: ['all'],
      settings: { ...open, publicAmis: 5, blocksPublicAmis: true },
      publicAmiLimit: 5,
    },
    [],
  ],
])('%s', (_title, given, codes) => {
  const sharable = { region: 'eu-west-1', settings: open, encrypted: false, hasAwsKey: false, grantees: [] };
  expect(findObstacles({ audience: some, ...sharable, ...given }).map(({ code }) => code)).toEqual(codes);
});

const ami = (name: string, startedAt: string, architecture = 'x86_64') => ({
  imageId: `ami-${startedAt.slice(0, 4)}`,
  architecture,
  tags: { 'ec2-image:name': name, 'ec2-image:started-at': startedAt },
});

test.each([
  ['an older one of the stream', ami('fedora', '2025-01-01T00:00:00Z'), undefined],
  ['the same time', ami('fedora', '2026-01-01T00:00:00Z'), undefined],
  ['a newer one', ami('fedora', '2027-01-01T00:00:00Z'), 'ami-2027 is newer'],
  ['another stream', ami('debian', '2025-01-01T00:00:00Z'), 'ami-2025 is of another stream (debian x86_64)'],
  [
    'another architecture',
    ami('fedora', '2025-01-01T00:00:00Z', 'arm64'),
    'ami-2025 is of another stream (fedora arm64)',
  ],
])('latest moves, or does not, from %s', (_title, current, reason) => {
  expect(whyNotLatest(current, ami('fedora', '2026-01-01T00:00:00Z'))).toBe(reason);
});
