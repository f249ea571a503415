import type { QueryOperations } from '../query/operation.ts';
import { copyImage } from './copies/copy-image.ts';
import { copySnapshot } from './copies/copy-snapshot.ts';
import { countedRead } from './copies/pending-copies.ts';
import { createFleet, deleteFleets, describeFleets } from './fleets/fleets.ts';
import {
  cancelSpotFleetRequests,
  describeSpotFleetRequests,
  requestSpotFleet,
} from './fleets/spot-fleets.ts';
import {
  cancelSpotInstanceRequests,
  describeSpotInstanceRequests,
  requestSpotInstances,
} from './fleets/spot-requests.ts';
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
import { describeInstanceStatus, getConsoleOutput } from './instances/console-operations.ts';
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
import {
  listImagesInRecycleBin,
  listSnapshotsInRecycleBin,
  restoreImageFromRecycleBin,
  restoreSnapshotFromRecycleBin,
} from './recycle-bin/operations.ts';
import {
  disableEbsEncryptionByDefault,
  disableImageBlockPublicAccess,
  disableSnapshotBlockPublicAccess,
  enableEbsEncryptionByDefault,
  enableImageBlockPublicAccess,
  enableSnapshotBlockPublicAccess,
  getEbsDefaultKmsKeyId,
  getEbsEncryptionByDefault,
  getImageBlockPublicAccessState,
  getSnapshotBlockPublicAccessState,
  modifyEbsDefaultKmsKeyId,
  resetEbsDefaultKmsKeyId,
} from './region-setting-operations.ts';
import { describeAvailabilityZones, describeRegions } from './regions.ts';
import {
  describeFastSnapshotRestores,
  disableFastSnapshotRestores,
  enableFastSnapshotRestores,
} from './snapshots/fast-restores.ts';
import { describeSnapshotAttribute, modifySnapshotAttribute } from './snapshots/snapshot-attributes.ts';
import { describeLockedSnapshots, lockSnapshot, unlockSnapshot } from './snapshots/snapshot-locks.ts';
import { deleteSnapshot, describeSnapshots } from './snapshots/snapshot-operations.ts';
import { createTags, deleteTags, describeTags } from './tags/tag-operations.ts';
import {
  describeSnapshotTierStatus,
  modifySnapshotTier,
  restoreSnapshotTier,
} from './tiers/snapshot-tiers.ts';
import {
  createImageUsageReport,
  deleteImageUsageReport,
  describeImageUsageReportEntries,
  describeImageUsageReports,
} from './usage-reports/operations.ts';

/** Every call that EC2 answers here; any other is refused. */
export const ec2Operations: QueryOperations<Ec2Context> = {
  CancelImportTask: cancelImportTask,
  CancelSpotFleetRequests: cancelSpotFleetRequests,
  CancelSpotInstanceRequests: cancelSpotInstanceRequests,
  CopyImage: copyImage,
  CopySnapshot: copySnapshot,
  CreateFleet: createFleet,
  CreateImageUsageReport: createImageUsageReport,
  CreateLaunchTemplate: createLaunchTemplate,
  CreateLaunchTemplateVersion: createLaunchTemplateVersion,
  CreateTags: createTags,
  DeleteFleets: deleteFleets,
  DeleteImageUsageReport: deleteImageUsageReport,
  DeleteLaunchTemplate: deleteLaunchTemplate,
  DeleteSnapshot: deleteSnapshot,
  DeleteTags: deleteTags,
  DeregisterImage: deregisterImage,
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeFastSnapshotRestores: describeFastSnapshotRestores,
  DescribeFleets: describeFleets,
  DescribeImageAttribute: describeImageAttribute,
  DescribeImageReferences: describeImageReferences,
  DescribeImageUsageReportEntries: describeImageUsageReportEntries,
  DescribeImageUsageReports: describeImageUsageReports,
  DescribeImages: countedRead(describeImages),
  DescribeImportSnapshotTasks: describeImportSnapshotTasks,
  DescribeInstanceStatus: describeInstanceStatus,
  DescribeInstances: describeInstances,
  DescribeLaunchTemplateVersions: describeLaunchTemplateVersions,
  DescribeLaunchTemplates: describeLaunchTemplates,
  DescribeLockedSnapshots: describeLockedSnapshots,
  DescribeRegions: describeRegions,
  DescribeSnapshotAttribute: describeSnapshotAttribute,
  DescribeSnapshotTierStatus: describeSnapshotTierStatus,
  DescribeSnapshots: countedRead(describeSnapshots),
  DescribeSpotFleetRequests: describeSpotFleetRequests,
  DescribeSpotInstanceRequests: describeSpotInstanceRequests,
  DescribeTags: describeTags,
  DisableEbsEncryptionByDefault: disableEbsEncryptionByDefault,
  DisableFastSnapshotRestores: disableFastSnapshotRestores,
  DisableImage: disableImage,
  DisableImageBlockPublicAccess: disableImageBlockPublicAccess,
  DisableImageDeprecation: disableImageDeprecation,
  DisableImageDeregistrationProtection: disableImageDeregistrationProtection,
  DisableSnapshotBlockPublicAccess: disableSnapshotBlockPublicAccess,
  EnableEbsEncryptionByDefault: enableEbsEncryptionByDefault,
  EnableFastSnapshotRestores: enableFastSnapshotRestores,
  EnableImage: enableImage,
  EnableImageBlockPublicAccess: enableImageBlockPublicAccess,
  EnableImageDeprecation: enableImageDeprecation,
  EnableImageDeregistrationProtection: enableImageDeregistrationProtection,
  EnableSnapshotBlockPublicAccess: enableSnapshotBlockPublicAccess,
  GetConsoleOutput: getConsoleOutput,
  GetEbsDefaultKmsKeyId: getEbsDefaultKmsKeyId,
  GetEbsEncryptionByDefault: getEbsEncryptionByDefault,
  GetImageBlockPublicAccessState: getImageBlockPublicAccessState,
  GetSnapshotBlockPublicAccessState: getSnapshotBlockPublicAccessState,
  ImportSnapshot: importSnapshot,
  ListImagesInRecycleBin: listImagesInRecycleBin,
  ListSnapshotsInRecycleBin: listSnapshotsInRecycleBin,
  LockSnapshot: lockSnapshot,
  ModifyEbsDefaultKmsKeyId: modifyEbsDefaultKmsKeyId,
  ModifyImageAttribute: modifyImageAttribute,
  ModifyLaunchTemplate: modifyLaunchTemplate,
  ModifySnapshotAttribute: modifySnapshotAttribute,
  ModifySnapshotTier: modifySnapshotTier,
  RegisterImage: registerImage,
  RequestSpotFleet: requestSpotFleet,
  RequestSpotInstances: requestSpotInstances,
  ResetEbsDefaultKmsKeyId: resetEbsDefaultKmsKeyId,
  ResetImageAttribute: resetImageAttribute,
  RestoreImageFromRecycleBin: restoreImageFromRecycleBin,
  RestoreSnapshotFromRecycleBin: restoreSnapshotFromRecycleBin,
  RestoreSnapshotTier: restoreSnapshotTier,
  RunInstances: runInstances,
  StartInstances: startInstances,
  StopInstances: stopInstances,
  TerminateInstances: terminateInstances,
  UnlockSnapshot: unlockSnapshot,
};
