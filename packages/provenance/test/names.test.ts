import {
  amiNameOf,
  clientToken,
  type Digest,
  datedAmiName,
  diskFormats,
  earlierObjectKey,
  objectKey,
  parseObjectKey,
} from '@ec2-image/provenance';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const digest: Digest = `sha256:${'0123456789ab'.padEnd(64, 'f')}`;
const nameText = fc.string({ unit: fc.constantFrom(..."abcXYZ019()[] ./-'@_"), minLength: 1, maxLength: 40 });

test.each([
  ['fedora-aws', '20261122', 'fedora-aws-i20261122'],
  ['a', '', 'a-i'],
])('%s with suffix %s', (name, suffix, expected) => {
  expect(amiNameOf({ name, suffix })).toBe(expected);
});

test.each([
  ['naïve', '1'],
  ['a:b', '1'],
  ['x'.repeat(120), 'y'.repeat(20)],
  ['line\nbreak', '1'],
])('EC2 takes no AMI name made of %j and %j', (name, suffix) => {
  expect(() => amiNameOf({ name, suffix })).toThrow(expect.objectContaining({ code: 'BAD_AMI_NAME' }));
});

test('a name with a date is recognised on any other, and no other name is', () => {
  const template = '{name}.{arch}-{date}({date})';
  const parts = { name: 'a+b', suffix: 'one', arch: 'arm64' };
  const dated = datedAmiName(parts, template)!;
  for (const date of ['20261122', '19991231']) {
    const name = amiNameOf({ ...parts, name: 'a-b', date }, template);
    expect(dated.exec(name.replace('a-b', 'a+b'))?.[1]).toBe(date);
    expect(dated.test(name)).toBe(false);
  }
  for (const other of [
    'a+bxarm64-20261122(20261122)',
    'a+b.arm64-20261122(20261123)',
    'a+b.arm64-2026112(2026112)',
  ])
    expect(dated.test(other), other).toBe(false);
  expect(datedAmiName(parts, '{name}-{suffix}')).toBeUndefined();
  expect(datedAmiName(parts, undefined)).toBeUndefined();
});

test('every key that is made is recognised, under its own prefix alone', () => {
  fc.assert(
    fc.property(
      nameText,
      nameText,
      fc.constantFrom(...diskFormats),
      fc.string({ maxLength: 20 }),
      (name, suffix, format, prefix) => {
        const amiName = amiNameOf({ name, suffix });
        const key = objectKey({ prefix, amiName, digest, format });
        expect(parseObjectKey(key, { prefix })).toEqual({ amiName, shortDigest: '0123456789ab', format });
        expect(parseObjectKey(key, { prefix: `${prefix}other/` })).toBeUndefined();
      },
    ),
  );
});

test.each(['ec2', 'ec2/'])('46: the prefix %j is a whole path element', (prefix) => {
  const parts = { amiName: 'fedora-i1', digest, format: 'vhdx' } as const;
  expect(objectKey({ ...parts, prefix })).toBe('ec2/fedora-i1/0123456789ab.vhdx');
  for (const other of ['ec2-legacy/', 'ec2', 'ec2legacy-', '']) {
    const key = `${other}fedora-i1/0123456789ab.vhdx`;
    expect(parseObjectKey(key, { prefix }), key).toBeUndefined();
  }
});

test('an empty prefix stays empty', () => {
  const key = objectKey({ prefix: '', amiName: 'fedora-i1', digest, format: 'vhdx' });
  expect(key).toBe('fedora-i1/0123456789ab.vhdx');
  expect(parseObjectKey(key, { prefix: '' })).toMatchObject({ amiName: 'fedora-i1' });
});

test('a key is recognised whatever template the AMI is named by', () => {
  const amiName = amiNameOf(
    { name: 'fedora', suffix: '1', arch: 'arm64', date: '20261122' },
    '{name} {arch}/{date}',
  );
  expect(amiName).toBe('fedora arm64/20261122');
  const key = objectKey({ prefix: 'images', amiName, digest, format: 'raw' });
  expect(parseObjectKey(key, { prefix: 'images' })).toMatchObject({ amiName });
});

test('the key of earlier versions is another only under a prefix without a slash', () => {
  const parts = { amiName: 'fedora-i1', digest, format: 'vhdx' } as const;
  expect(earlierObjectKey({ ...parts, prefix: 'ec2-' })).toBe('ec2-fedora-i1/0123456789ab.vhdx');
  expect(earlierObjectKey({ ...parts, prefix: 'ec2/' })).toBeUndefined();
  expect(earlierObjectKey({ ...parts, prefix: '' })).toBeUndefined();
});

test.each([
  'ec2-image/fedora-i1/0123456789ab.iso',
  'ec2-image/fedora-i1/0123456789AB.vhdx',
  'ec2-image/fedora-i1/0123456789abc.vhdx',
  'ec2-image/fedora+1/0123456789ab.vhdx',
  'ec2-image/fe/0123456789ab.vhdx',
  'ec2-image/0123456789ab.vhdx',
  'elsewhere/fedora-i1/0123456789ab.vhdx',
])('%s does not have our shape', (key) => {
  expect(parseObjectKey(key, { prefix: 'ec2-image/' })).toBeUndefined();
});

test('a client token is the same for the same work, another for anything else, and fits EC2', () => {
  const parts = {
    account: '1',
    region: 'r',
    bucket: 'b',
    key: 'k',
    digest,
    format: 'vhdx',
    options: { a: 1, b: 'x' },
    attempt: 1,
  };
  const token = clientToken(parts);
  expect(token).toHaveLength(64);
  expect(clientToken({ ...parts, options: { b: 'x', a: 1, c: undefined } })).toBe(token);
  const others = [
    { account: '2' },
    { region: 's' },
    { bucket: 'c' },
    { key: 'l' },
    { format: 'raw' },
    { attempt: 2 },
    { options: { a: 1, b: 'y' } },
  ].map((change) => clientToken({ ...parts, ...change }));
  expect(new Set([token, ...others]).size).toBe(others.length + 1);
});
