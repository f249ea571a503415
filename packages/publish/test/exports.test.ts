import * as api from '@ec2-image/publish';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'PublishError',
    'bootTest',
    'checkTargets',
    'comparePublished',
    'copyAmi',
    'createEc2',
    'describeChange',
    'describeDifference',
    'describeGrantees',
    'forecastPublication',
    'granteesOf',
    'isRevoking',
    'planPublication',
    'publishAmi',
    'putParameters',
    'readObstacles',
    'readParameters',
    'readPublished',
    'requireUnannounced',
    'shareAmi',
    'whyNotLatest',
  ]);
});
