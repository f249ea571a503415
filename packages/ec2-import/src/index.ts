export { type AmiFacts, type AmiVerdict, freshDifference, judgeAmi } from './ami/ami.ts';
export { conflictError } from './ami/conflict.ts';
export { type DescribeImageOptions, describeImage } from './ami/describe-image.ts';
export { type FindImageOptions, findImage } from './ami/find-image.ts';
export { type Ami, registerImage } from './ami/register-image.ts';
export type { RegisterImageOptions } from './ami/register-image-options.ts';
export { requireUnprotected } from './ami/replace-image.ts';
export { type ImageUpdate, imageChanges, type UpdateImageOptions, updateImage } from './ami/update-image.ts';
export type { WantedAmi, WantedDevice, WantedVolume } from './ami/wanted-ami.ts';
export { type BegunNamesOptions, findBegunNames } from './begun-names.ts';
export type { Ec2Options } from './ec2/ec2.ts';
export { Ec2ImportError } from './errors.ts';
export { type ChosenSnapshot, chooseSnapshot } from './snapshot/choose-snapshot.ts';
export { type CopiedSnapshot, type CopySnapshotOptions, copySnapshot } from './snapshot/copy-snapshot.ts';
export { deleteSnapshot } from './snapshot/delete-snapshot.ts';
export { describeSnapshot } from './snapshot/describe-snapshot.ts';
export { findOwnSnapshot, type OwnSnapshotOptions, snapshotUsers } from './snapshot/find-own-snapshot.ts';
export {
  type FindSnapshotOptions,
  type FoundSnapshot,
  findSnapshot,
  type TaskSource,
} from './snapshot/find-snapshot.ts';
export { type ImportSnapshotOptions, importSnapshot } from './snapshot/import-snapshot.ts';
export {
  type FailureKind,
  failureKind,
  type ImportTask,
  importTaskOf,
  taskState,
} from './snapshot/import-task.ts';
export type { Snapshot } from './snapshot/snapshot.ts';
export { type ImportProgress, type ImportWaitOptions, waitForImport } from './snapshot/wait-for-import.ts';
export { isFinished, type WantedSnapshot } from './snapshot/wanted-snapshot.ts';
export {
  missingTags,
  type TagReport,
  type TagResourcesOptions,
  tagResources,
  tagsToWrite,
} from './tag-resources.ts';
