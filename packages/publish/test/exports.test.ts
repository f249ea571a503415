import * as api from '@ec2-image/publish';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual(['bootTest', 'putParameters', 'readParameters']);
});
