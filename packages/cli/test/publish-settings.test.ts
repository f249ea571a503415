import { expect, test } from 'vitest';
import { publishSettingsOf } from '../src/config/publish-settings.ts';
import type { Setting } from '../src/config/s3-settings.ts';
import type { ImageSettings } from '../src/options/table.ts';

const settingsOf = (settings: ImageSettings) =>
  publishSettingsOf(((key: keyof ImageSettings) => settings[key]) as Setting, {}, {});

const daysFromNow = (days: number) => ({ at: Date.now() + days * 86_400_000 });
const days = (count: number) => ({ seconds: count * 86_400 });
const share = { public: true };

test.each<[string, ImageSettings]>([
  ['a time, of a public AMI', { share, 'deprecate-after': days(731) }],
  ['a date, of a public AMI', { share, 'deprecate-after': daysFromNow(732) }],
  ['a time', { 'deprecate-after': days(3651) }],
  ['a date', { 'deprecate-after': daysFromNow(3655) }],
])('deprecate-after: %s that EC2 would refuse once the AMI is shared is refused before', (_, settings) => {
  expect(() => settingsOf(settings)).toThrow(
    expect.objectContaining({
      code: 'BAD_OPTION',
      message: expect.stringMatching(/^deprecate-after: .* after (2|10) years at the latest$/),
    }),
  );
});

test.each<[string, ImageSettings]>([
  ['two years of a public AMI', { share, 'deprecate-after': days(730) }],
  ['a date before that', { share, 'deprecate-after': daysFromNow(729) }],
  ['a date that has passed', { share, 'deprecate-after': { at: 0 } }],
  ['ten years', { 'deprecate-after': days(3650) }],
  [
    'more than two years where only accounts have it',
    { share: { accounts: [] }, 'deprecate-after': days(1000) },
  ],
])('deprecate-after: %s is taken', (_, settings) => {
  expect(settingsOf(settings)).toMatchObject({ deprecation: settings['deprecate-after'] });
});
