import {
  amiTags,
  cutDescription,
  type Digest,
  isOurs,
  metadataOf,
  provenanceTags,
  readProvenance,
  tagList,
  tagRecord,
  tagsOfMetadata,
} from '@ec2-image/provenance';
import { expect, test } from 'vitest';

const digest: Digest = `sha512:${'ab'.repeat(64)}`;
const provenance = {
  sourceUrl: 'https://user:secret@example.com/disk.qcow2?token=abc#x',
  digest,
  diskFormat: 'vhdx',
  version: '0.1.0',
  name: 'fedora-aws',
  startedAt: new Date('2026-11-22T10:00:00.750Z'),
} as const;

test('provenance is written without secrets and read back', () => {
  const tags = provenanceTags(provenance);
  expect(tags).toEqual({
    'ec2-image:source-url': 'https://example.com/disk.qcow2',
    'ec2-image:source-digest': digest,
    'ec2-image:disk-format': 'vhdx',
    'ec2-image:name': 'fedora-aws',
    'ec2-image:version': '0.1.0',
    'ec2-image:started-at': '2026-11-22T10:00:00Z',
  });
  expect(readProvenance(tags)).toMatchObject({
    digest,
    diskFormat: 'vhdx',
    startedAt: new Date('2026-11-22T10:00:00Z'),
  });
});

test('a long URL is cut to what a tag holds everywhere, EBS direct included', () => {
  const tags = provenanceTags({ ...provenance, sourceUrl: `https://example.com/${'x'.repeat(400)}` });
  expect(tags['ec2-image:source-url']).toHaveLength(255);
});

test('a description is cut to what every service takes, between characters', () => {
  expect(cutDescription('short')).toBe('short');
  expect(cutDescription('x'.repeat(300))).toBe('x'.repeat(255));
  expect(cutDescription(`${'x'.repeat(254)}💿`)).toBe('x'.repeat(254));
});

test('a path with characters outside the BMP is cut between characters, and fits into metadata', () => {
  for (const padding of ['', 'x']) {
    const sourceUrl = `/${padding}${'💿'.repeat(200)}.raw`;
    const cut = provenanceTags({ ...provenance, sourceUrl })['ec2-image:source-url']!;
    expect(cut.isWellFormed()).toBe(true);
    expect(cut.length).toBeGreaterThanOrEqual(254);
    expect(sourceUrl.startsWith(cut)).toBe(true);
    const value = metadataOf({ 'ec2-image:source-url': cut })['ec2-image-source-url']!;
    expect(value).toMatch(/^[\x20-\x7e]+$/);
    expect(decodeURIComponent(value)).toBe(cut);
  }
});

test('a call with a client token carries no time', () => {
  expect(Object.keys(provenanceTags({ ...provenance, startedAt: undefined }))).not.toContain(
    'ec2-image:started-at',
  );
});

test.each([
  [{}, false],
  [{ Name: 'fedora-aws-i1', automation: 'false' }, false],
  [{ 'ec2-image:source-digest': digest }, false],
  [{ 'ec2-image:source-digest': 'md5:abc', 'ec2-image:version': '1' }, false],
  [{ 'ec2-image:source-digest': digest, 'ec2-image:version': '1' }, true],
])('%j is ours: %s', (tags, expected) => {
  expect(isOurs(tags)).toBe(expected);
});

test('a time that cannot be parsed counts as missing', () => {
  expect(
    readProvenance({ ...provenanceTags(provenance), 'ec2-image:started-at': 'soon' })?.startedAt,
  ).toBeUndefined();
});

test('object metadata takes no colon, and gives the tags back', () => {
  const tags = provenanceTags(provenance);
  const metadata = metadataOf(tags);
  expect(Object.keys(metadata).join()).not.toContain(':');
  expect(tagsOfMetadata({ ...metadata, other: 'x' })).toEqual(tags);
});

test('the tool decides Name, and automation where the user does not', () => {
  expect(amiTags({ amiName: 'a-i1', extra: { automation: 'true' } })).toEqual({
    Name: 'a-i1',
    automation: 'true',
  });
  expect(amiTags({ amiName: 'a-i1', extra: { Name: 'x', team: 'y' } })).toEqual({
    Name: 'a-i1',
    automation: 'false',
    team: 'y',
  });
});

test('EC2 lists tags as pairs', () => {
  expect(tagRecord(tagList({ a: '1', b: '' }))).toEqual({ a: '1', b: '' });
  expect(tagRecord(undefined)).toEqual({});
});
