import type { QueryOperations } from '../query/operation.ts';
import { deregisterImage, describeImages } from './images/image-operations.ts';
import { registerImage } from './images/register-image.ts';
import { cancelImportTask, describeImportSnapshotTasks, importSnapshot } from './import/import-operations.ts';
import type { Ec2Context } from './operation.ts';
import { describeRegions } from './regions.ts';
import { deleteSnapshot, describeSnapshots } from './snapshots/snapshot-operations.ts';
import { createTags, deleteTags, describeTags } from './tags/tag-operations.ts';

/** Every call that EC2 answers here; any other is refused. */
export const ec2Operations: QueryOperations<Ec2Context> = {
  CancelImportTask: cancelImportTask,
  CreateTags: createTags,
  DeleteSnapshot: deleteSnapshot,
  DeleteTags: deleteTags,
  DeregisterImage: deregisterImage,
  DescribeImages: describeImages,
  DescribeImportSnapshotTasks: describeImportSnapshotTasks,
  DescribeRegions: describeRegions,
  DescribeSnapshots: describeSnapshots,
  DescribeTags: describeTags,
  ImportSnapshot: importSnapshot,
  RegisterImage: registerImage,
};
