import { redactValue } from '@ec2-image/redact';
import { expect, test } from 'vitest';

test.each([
  ['https://me:hunter2@host/x?token=tok3n', 'https://host/x'],
  ['//me:hunter2@host/x?token=tok3n', '//host/x'],
  ['me:hunter2@host:3128', '…@host:3128'],
  ['me:hun@ter/2@host:3128', '…@host:3128'],
  ['host/x?X-Amz-Signature=tok3n&y', 'host/x?…'],
  ['{"password":"hunter2","b":1}', '{"password":"…","b":1}'],
  ['aws_secret_access_key = hunter2', 'aws_secret_access_key = …'],
  ['--token=tok3n', '--token=…'],
  ['me%3Ahunter2%40host%3A3128', '…%40host%3A3128'],
  ['https%3A%2F%2Fme%3Ahunter2%40host%2Fx%3Ftoken%3Dtok3n', 'https%3A%2F%2Fhost%2Fx'],
  ['a%26token%3Dtok3n', 'a%26token%3D…'],
  // Nothing of these is a secret.
  ['us-esat-1', 'us-esat-1'],
  ['me@host', 'me@host'],
  ['me%40host', 'me%40host'],
  ['a?b', 'a?b'],
  ['arn:aws:iam::111122223333:role/me@host', 'arn:aws:iam::111122223333:role/me@host'],
  ['a:b c@d', 'a:b c@d'],
  ['passwords and tokens', 'passwords and tokens'],
])('%j is shown as %j', (value, shown) => {
  expect(redactValue(value)).toBe(shown);
});

test('of a long value no more than its beginning is shown', () => {
  expect(redactValue('x'.repeat(100_000))).toBe(`${'x'.repeat(200)}…`);
});
