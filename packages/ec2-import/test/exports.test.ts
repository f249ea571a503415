import * as api from '@ec2-image/ec2-import';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'Ec2ImportError',
    'chooseSnapshot',
    'conflictError',
    'deleteSnapshot',
    'describeImage',
    'describeSnapshot',
    'failureKind',
    'findImage',
    'findSnapshot',
    'freshDifference',
    'imageChanges',
    'importSnapshot',
    'importTaskOf',
    'isFinished',
    'judgeAmi',
    'missingTags',
    'registerImage',
    'tagResources',
    'tagsToWrite',
    'taskState',
    'updateImage',
    'waitForImport',
  ]);
});
