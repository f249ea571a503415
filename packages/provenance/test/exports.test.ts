import * as api from '@ec2-image/provenance';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'ProvenanceError',
    'amiNameOf',
    'amiTags',
    'clientToken',
    'digestAlgorithm',
    'digestHex',
    'digestOf',
    'diskFormats',
    'formatStartedAt',
    'isOurs',
    'metadataOf',
    'objectKey',
    'parseAmiName',
    'parseDigest',
    'parseObjectKey',
    'provenanceKeys',
    'provenanceTags',
    'readProvenance',
    'shortDigest',
    'tagList',
    'tagRecord',
    'tagsOfMetadata',
  ]);
});
