export type { CallRecord, Calls } from './calls.ts';
export type { ConditionsName } from './conditions/conditions.ts';
export type { ReadVolumeOptions } from './ebs/read-volume.ts';
export { missingToBoot } from './ec2/instances/machines.ts';
export { seedEc2 } from './ec2/seed.ts';
export type { SeedEc2Options, SeedImage, SeedImportTask, SeedSnapshot } from './ec2/seed-options.ts';
export { LocalAwsError, type LocalAwsErrorCode } from './errors.ts';
export type { ActiveFault, FaultHandle, Faults, FaultTarget } from './faults/faults.ts';
export { parseFaultFile } from './faults/parse-rule.ts';
export type { FaultAction, FaultMatch, FaultRule } from './faults/rules.ts';
export type { KnownCredentials } from './known-credentials.ts';
export { type SeedObject, type SeedS3Options, type SeedUpload, seedS3 } from './s3/seed.ts';
export {
  exampleCredentials,
  type LocalAws,
  type LocalAwsOptions,
  type NewBucket,
  startLocalAws,
} from './start-local-aws.ts';
