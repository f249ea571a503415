import type { QueryOperations } from '../query/operation.ts';
import { describeImageReferences } from './image-references.ts';
import {
  describeImageAttribute,
  modifyImageAttribute,
  resetImageAttribute,
} from './images/image-attributes.ts';
import {
  disableImage,
  disableImageDeprecation,
  disableImageDeregistrationProtection,
  enableImage,
  enableImageDeprecation,
  enableImageDeregistrationProtection,
} from './images/image-lifecycle.ts';
import { deregisterImage, describeImages } from './images/image-operations.ts';
import { registerImage } from './images/register-image.ts';
import { cancelImportTask, describeImportSnapshotTasks, importSnapshot } from './import/import-operations.ts';
import {
  describeInstances,
  runInstances,
  startInstances,
  stopInstances,
  terminateInstances,
} from './instances/instance-operations.ts';
import {
  describeLaunchTemplates,
  describeLaunchTemplateVersions,
} from './launch-templates/describe-launch-templates.ts';
import {
  createLaunchTemplate,
  createLaunchTemplateVersion,
  deleteLaunchTemplate,
  modifyLaunchTemplate,
} from './launch-templates/launch-template-operations.ts';
import type { Ec2Context } from './operation.ts';
import { describeAvailabilityZones, describeRegions } from './regions.ts';
import { describeSnapshotAttribute, modifySnapshotAttribute } from './snapshots/snapshot-attributes.ts';
import { describeLockedSnapshots, lockSnapshot, unlockSnapshot } from './snapshots/snapshot-locks.ts';
import { deleteSnapshot, describeSnapshots } from './snapshots/snapshot-operations.ts';
import { createTags, deleteTags, describeTags } from './tags/tag-operations.ts';

/** Every call that EC2 answers here; any other is refused. */
export const ec2Operations: QueryOperations<Ec2Context> = {
  CancelImportTask: cancelImportTask,
  CreateLaunchTemplate: createLaunchTemplate,
  CreateLaunchTemplateVersion: createLaunchTemplateVersion,
  CreateTags: createTags,
  DeleteLaunchTemplate: deleteLaunchTemplate,
  DeleteSnapshot: deleteSnapshot,
  DeleteTags: deleteTags,
  DeregisterImage: deregisterImage,
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeImageAttribute: describeImageAttribute,
  DescribeImageReferences: describeImageReferences,
  DescribeImages: describeImages,
  DescribeImportSnapshotTasks: describeImportSnapshotTasks,
  DescribeInstances: describeInstances,
  DescribeLaunchTemplates: describeLaunchTemplates,
  DescribeLaunchTemplateVersions: describeLaunchTemplateVersions,
  DescribeLockedSnapshots: describeLockedSnapshots,
  DescribeRegions: describeRegions,
  DescribeSnapshotAttribute: describeSnapshotAttribute,
  DescribeSnapshots: describeSnapshots,
  DescribeTags: describeTags,
  DisableImage: disableImage,
  DisableImageDeprecation: disableImageDeprecation,
  DisableImageDeregistrationProtection: disableImageDeregistrationProtection,
  EnableImage: enableImage,
  EnableImageDeprecation: enableImageDeprecation,
  EnableImageDeregistrationProtection: enableImageDeregistrationProtection,
  ImportSnapshot: importSnapshot,
  LockSnapshot: lockSnapshot,
  ModifyImageAttribute: modifyImageAttribute,
  ModifyLaunchTemplate: modifyLaunchTemplate,
  ModifySnapshotAttribute: modifySnapshotAttribute,
  RegisterImage: registerImage,
  ResetImageAttribute: resetImageAttribute,
  RunInstances: runInstances,
  StartInstances: startInstances,
  StopInstances: stopInstances,
  TerminateInstances: terminateInstances,
  UnlockSnapshot: unlockSnapshot,
};
