import { expect, test } from 'vitest';
import * as api from '../src/index.ts';

test('the package exports these names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'LocalAwsError',
    'exampleCredentials',
    'missingToBoot',
    'parseFaultFile',
    'seedEc2',
    'seedS3',
    'startLocalAws',
  ]);
});
