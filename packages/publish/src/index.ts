export { type Audience, describeGrantees, type Grantee, granteesOf } from './audience.ts';
export { type BootTest, type BootTestOptions, bootTest } from './boot-test/boot-test.ts';
export { type CopiedAmi, type CopyAmiOptions, copyAmi } from './copy/copy-ami.ts';
export { createEc2, type Ec2Options } from './ec2.ts';
export { PublishError } from './errors.ts';
export {
  type ParameterEntry,
  type PutParametersOptions,
  putParameters,
} from './parameters/put-parameters.ts';
export {
  type ParameterValue,
  type ReadParametersOptions,
  readParameters,
} from './parameters/read-parameters.ts';
export type { SsmOptions } from './parameters/ssm.ts';
export { checkTargets } from './publication/check-targets.ts';
export { requireUnannounced } from './publication/find-announced.ts';
export { type Forecast, forecastPublication, type ImageToMake } from './publication/forecast.ts';
export { whyNotLatest } from './publication/move-latest.ts';
export type { RegionPlan } from './publication/plan-region.ts';
export {
  type PublishAmiOptions,
  type PublishedRegion,
  planPublication,
  publishAmi,
} from './publication/publish-ami.ts';
export type { PublishStep } from './publication/publish-region.ts';
export { readObstacles } from './publication/read-obstacles.ts';
export type {
  ParameterAccess,
  PublishSource,
  PublishTarget,
  RegionSession,
} from './publication/target.ts';
export {
  type Change,
  comparePublished,
  describeChange,
  describeDifference,
  isRevoking,
} from './published/compare-published.ts';
export type {
  ConfiguredAmi,
  ConfiguredParameter,
  Protection,
  PublishedAmi,
  PublishedSnapshot,
} from './published/published-ami.ts';
export { type ReadPublishedOptions, readPublished } from './published/read-published.ts';
export { type ShareAmiOptions, shareAmi } from './share/share-ami.ts';
