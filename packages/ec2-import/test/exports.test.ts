import * as api from '@ec2-image/ec2-import';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'Ec2ImportError',
    'chooseSnapshot',
    'conflictError',
    'copySnapshot',
    'deleteSnapshot',
    'describeImage',
    'describeSnapshot',
    'failureKind',
    'findBegunNames',
    'findImage',
    'findOwnSnapshot',
    'findSnapshot',
    'freshDifference',
    'imageChanges',
    'importSnapshot',
    'importTaskOf',
    'isFinished',
    'judgeAmi',
    'missingTags',
    'registerImage',
    'requireUnprotected',
    'snapshotUsers',
    'tagResources',
    'tagsToWrite',
    'taskState',
    'updateImage',
    'waitForImport',
  ]);
});
