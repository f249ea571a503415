import * as api from '@ec2-image/iam-policy';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'MalformedPolicy',
    'evaluate',
    'parsePolicy',
    'requestContext',
    'trustsService',
    'undecidedKeys',
  ]);
});
