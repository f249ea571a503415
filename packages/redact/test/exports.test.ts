import * as api from '@ec2-image/redact';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual(['printable', 'redactText', 'redactUrl', 'redactValue']);
});
