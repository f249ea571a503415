import * as api from '@ec2-image/provenance';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'ProvenanceError',
    'amiNameOf',
    'amiTags',
    'clientToken',
    'copyOfKey',
    'digestAlgorithm',
    'digestHex',
    'digestOf',
    'diskFormats',
    'earlierObjectKey',
    'foreignImageOrigin',
    'formatStartedAt',
    'isOurs',
    'keyPrefix',
    'metadataOf',
    'objectKey',
    'parseAmiName',
    'parseDigest',
    'parseObjectKey',
    'provenanceKeys',
    'provenanceTags',
    'readProvenance',
    'shortDigest',
    'snapshotOrigin',
    'tagList',
    'tagRecord',
    'tagsOfMetadata',
    'whyNotOurImage',
    'whyNotOurSnapshot',
    'writtenDescription',
  ]);
});
