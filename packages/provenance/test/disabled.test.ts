import {
  type DisabledMark,
  disabledKey,
  formatDisabledMark,
  launchPermissionsKey,
  notedLaunchPermissions,
  readDisabledMark,
} from '@ec2-image/provenance';
import { expect, test } from 'vitest';

test.each([
  { phase: 'disabling', at: '2026-11-22T10:00:00Z', because: 'superseded' },
  { phase: 'disabled', at: '2026-11-22T10:00:00Z', because: 'named' },
  { phase: 'enabling', at: '2026-11-22T10:00:00Z', because: 'named' },
  { phase: 'disabled', at: '2026-11-22T10:00:00Z', because: 'retired' },
] satisfies DisabledMark[])('a mark is read as it was written: %j', (mark) => {
  expect(readDisabledMark({ [disabledKey]: formatDisabledMark(mark) })).toEqual(mark);
});

test.each([
  '',
  'disabled',
  'disabled yesterday named',
  'disabled 2026-11-22T10:00:00Z',
  'deleted 2026-11-22T10:00:00Z named',
])('any other value is not a mark: %j', (value) => {
  expect(readDisabledMark({ [disabledKey]: value })).toBeUndefined();
});

test('launch permissions are noted apart', () => {
  expect(notedLaunchPermissions({})).toEqual([]);
  expect(notedLaunchPermissions({ [launchPermissionsKey]: '123456789012 all' })).toEqual([
    '123456789012',
    'all',
  ]);
});
