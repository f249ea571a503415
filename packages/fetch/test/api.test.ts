import * as api from '@ec2-image/fetch';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'FetchError',
    'fetchImage',
    'findImage',
    'imageFileName',
    'isRemote',
    'openLocalFiles',
    'openLocalImage',
    'planDownload',
    'probeImage',
    'readChecksum',
    'readKeyring',
    'recordFile',
    'requireSignatureUrl',
    'requireUnchanged',
    'signedFile',
    'streamImage',
    'unusableKeys',
    'verifyImageSignature',
  ]);
});
