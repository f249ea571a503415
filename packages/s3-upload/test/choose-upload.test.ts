import { describe, expect, test } from 'vitest';
import { type Candidate, chooseUpload } from '../src/open/choose-upload.ts';

describe('which open upload is resumed', () => {
  const hour = 3_600_000;
  const now = 100 * hour;
  const part = (age: number) => ({
    size: 1,
    etag: '"x"',
    checksum: undefined,
    lastModified: new Date(now - age),
  });
  const upload = (
    uploadId: string,
    more: Partial<Candidate> & { age?: number; partAges?: number[] } = {},
  ) => ({
    uploadId,
    initiated: more.age === undefined ? undefined : new Date(now - more.age),
    checksumAlgorithm: 'CRC32',
    checksumType: 'FULL_OBJECT',
    parts: new Map((more.partAges ?? []).map((age, index) => [index + 1, part(age)])),
    ...more,
  });
  const choose = (candidates: Candidate[], journal?: { uploadId?: string }) => {
    const choice = chooseUpload({ candidates, journal, now, idleMs: hour });
    return choice && `${choice.reason} ${choice.upload.uploadId}`;
  };

  test.each([
    ['none', [], undefined, undefined],
    ['our own, however fresh', [upload('a', { age: 0, partAges: [0] })], { uploadId: 'a' }, 'own a'],
    [
      'our own before an idle one',
      [upload('a', { age: 5 * hour, partAges: [4 * hour] }), upload('b', { age: 0 })],
      { uploadId: 'b' },
      'own b',
    ],
    ['somebody’s, begun just now', [upload('a', { age: 1 })], undefined, undefined],
    [
      'somebody’s, begun long ago, with a part just now',
      [upload('a', { age: 9 * hour, partAges: [8 * hour, 1] })],
      undefined,
      undefined,
    ],
    ['an idle one', [upload('a', { age: 9 * hour, partAges: [2 * hour] })], undefined, 'idle a'],
    [
      'of two idle ones the fuller',
      [upload('a', { age: 2 * hour }), upload('b', { age: 9 * hour, partAges: [2 * hour] })],
      undefined,
      'idle b',
    ],
    ['one of unknown age', [upload('a')], undefined, undefined],
    [
      'one we were creating: the latest empty',
      [upload('a', { age: 2 }), upload('b', { age: 1 }), upload('c', { age: 0, partAges: [0] })],
      {},
      'own b',
    ],
    [
      'one with another checksum',
      [upload('a', { age: 9 * hour, checksumAlgorithm: 'CRC64NVME' })],
      { uploadId: 'a' },
      undefined,
    ],
    [
      'one with a composite checksum',
      [upload('a', { age: 9 * hour, checksumType: 'COMPOSITE' })],
      { uploadId: 'a' },
      undefined,
    ],
    [
      'one that the service says nothing of',
      [upload('a', { age: 9 * hour, checksumAlgorithm: undefined, checksumType: undefined })],
      undefined,
      'idle a',
    ],
  ])('%s', (_, candidates, journal, chosen) => {
    expect(choose(candidates, journal)).toBe(chosen);
  });
});
