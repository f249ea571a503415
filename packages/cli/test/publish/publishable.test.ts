import { expect, test } from 'vitest';
import {
  type PublishDemands,
  whatPublishes,
  whyNotPublishable,
} from '../../src/pipeline/publish/publishable.ts';
import { retiredImages } from '../../src/retire/retired-images.ts';

const [proof, bootTest] = ['ec2-image:proof', 'ec2-image:boot-test'];

test.for<[Readonly<Record<string, string>>, PublishDemands, string | undefined]>([
  [{ [proof]: 'full' }, { proof: 'full', needsBootTest: false }, undefined],
  [{ [proof]: 'full' }, { proof: 'sample', needsBootTest: false }, undefined],
  [{ [proof]: 'sample' }, { proof: 'full', needsBootTest: false }, 'its proof is "sample"'],
  [{}, { proof: 'sample', needsBootTest: false }, 'its proof is "none"'],
  [{}, { proof: 'none', needsBootTest: false }, undefined],
  [{ [proof]: 'full' }, { proof: 'full', needsBootTest: true }, 'no boot test has passed'],
  [{ [proof]: 'full', [bootTest]: 'passed' }, { proof: 'full', needsBootTest: true }, undefined],
  // Even where the configuration asks for none.
  [{ [proof]: 'full', [bootTest]: 'failed' }, { proof: 'full', needsBootTest: false }, 'has failed'],
])('an AMI with the tags %j, where %j is asked for: %s', ([tags, demands, reason]) => {
  const found = whyNotPublishable(tags, demands);
  if (reason === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(reason);
});

test('an import tests an AMI that has failed again where a test is configured, or asked for', () => {
  const failed = { [bootTest]: 'failed' };
  expect(whatPublishes(failed, { needsBootTest: false })).toContain('`ec2-image import --boot-test true`');
  expect(whatPublishes(failed, { needsBootTest: true })).toContain('`ec2-image import`');
  expect(whatPublishes()).toContain('`ec2-image import`');
});

test.for<[object, object, PublishDemands]>([
  [{}, {}, { proof: 'full', needsBootTest: false }],
  [{ proof: 'none', 'boot-test': true }, {}, { proof: 'none', needsBootTest: true }],
  [{ 'boot-test': true }, { 'boot-test': false, proof: 'sample' }, { proof: 'sample', needsBootTest: false }],
  [{}, { 'boot-test': { timeout: 60 } }, { proof: 'full', needsBootTest: true }],
])('retire asks for what import and publish do: %j, %j', ([defaults, image, demands]) => {
  const config = { retain: { count: 1 }, ...defaults, images: { fedora: image } };
  expect(retiredImages([], { config })).toMatchObject([{ demands }]);
});
