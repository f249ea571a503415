import { expect, test } from 'vitest';
import { amiNamingOf } from '../src/config/ami-naming.ts';
import type { Setting } from '../src/config/s3-settings.ts';
import type { ImageSettings } from '../src/options/table.ts';

/** Flags over a file whose suffix comes from a variable that is not set. */
const namingOf = (flags: ImageSettings, file: ImageSettings = {}) => {
  const setting: Setting = (key) => {
    const value = flags[key] ?? file[key];
    if (key === 'suffix' && value === undefined) throw new Error('IMG_SFX is not set');
    return value;
  };
  return amiNamingOf(setting, flags);
};

test('a suffix that nothing is named by is not read', () => {
  expect(namingOf({ 'ami-name': 'fedora-i43' })).toEqual({ amiNameTemplate: 'fedora-i43' });
  expect(namingOf({ 'ami-name': '{name}-{date}' }, { 'ssm-parameter': '/{name}/{date}' })).toEqual({
    amiNameTemplate: '{name}-{date}',
  });
  for (const named of [
    {},
    { 'ami-name': '{name}.{suffix}' },
    { 'ami-name': '{name}', 'ssm-latest': '/{suffix}' },
  ])
    expect(() => namingOf({}, named)).toThrow('IMG_SFX is not set');
});

test('an AMI named on the command line does not take the configuration’s suffix for its parameter', () => {
  const file = { suffix: '44', 'ssm-parameter': '/images/{suffix}' };
  expect(() => namingOf({ 'ami-name': 'fedora-i43' }, file)).toThrow(
    expect.objectContaining({ code: 'MISSING_SETTING', message: expect.stringContaining('--suffix') }),
  );
  expect(namingOf({ 'ami-name': 'fedora-i43', suffix: '43' }, file)).toEqual({
    amiNameTemplate: 'fedora-i43',
    suffix: '43',
  });
  expect(namingOf({ 'ami-name': 'fedora-{suffix}' }, file)).toMatchObject({ suffix: '44' });
  expect(namingOf({}, { ...file, 'ami-name': 'fedora' })).toMatchObject({ suffix: '44' });
});
