import type { CallRecord } from '@ec2-image/local-aws';

/** What a moment is told from. */
export type SaidCall = Pick<CallRecord, 'service' | 'operation' | 'parameters'>;

/** How far the import has come: the last call of these that it made. */
type Stage =
  | 'looking'
  | 'uploading'
  | 'uploaded'
  | 'importing'
  | 'task tagged'
  | 'writing'
  | 'written'
  | 'snapshot tagged'
  | 'object deleted'
  | 'registered'
  | 'testing'
  | 'terminated'
  | 'tested';

interface Landmark {
  readonly operation: string;
  readonly parameters?: Patterns;
  readonly stage: Stage;
}

type Patterns = Readonly<Record<string, RegExp>>;

const landmarks: readonly Landmark[] = [
  { operation: 'CreateMultipartUpload', stage: 'uploading' },
  { operation: 'CompleteMultipartUpload', stage: 'uploaded' },
  { operation: 'ImportSnapshot', stage: 'importing' },
  { operation: 'CreateTags', parameters: { 'ResourceId.1': /^import-snap-/ }, stage: 'task tagged' },
  { operation: 'StartSnapshot', stage: 'writing' },
  { operation: 'CompleteSnapshot', stage: 'written' },
  { operation: 'CreateTags', parameters: { 'ResourceId.1': /^snap-/ }, stage: 'snapshot tagged' },
  { operation: 'DeleteObject', stage: 'object deleted' },
  { operation: 'RegisterImage', stage: 'registered' },
  { operation: 'RunInstances', stage: 'testing' },
  { operation: 'TerminateInstances', stage: 'terminated' },
  { operation: 'CreateTags', parameters: { 'ResourceId.1': /^ami-/ }, stage: 'tested' },
];

interface Moment {
  readonly operation: string;
  /** Each must be among the call's parameters. */
  readonly parameters?: Patterns;
  /** In any where it is left out. */
  readonly stages?: readonly Stage[];
  readonly purpose: string;
  /** Struck at its second call, too: a poll, or a question that is asked until several answers agree. */
  readonly repeats?: boolean;
}

/** Of the disk that the matrix imports. */
export const diskBytes = 16 * 2 ** 20;
const lastBlock = new RegExp(`^${diskBytes / (512 * 1024) - 1}$`);

const id = (prefix: string) => new RegExp(`^${prefix}-[0-9a-f]+$`);
const byName = { 'Filter.1.Name': /^name$/ };
const byDigest = { 'Filter.1.Name': /^tag:ec2-image:source-digest$/ };
const tagsOf = (prefix: string) => ({ 'Filter.1.Name': /^resource-id$/, 'Filter.1.Value.1': id(prefix) });

/**
 * Every moment of an import, and of its boot test: a call, and what it is for, told from what the call says and, where two calls say the same,
 * from how far the import has come. The first that fits is it. `docs/faults.md` has a row of its own for each.
 */
const moments: readonly Moment[] = [
  { operation: 'GetCallerIdentity', purpose: 'finding out which account this is' },
  { operation: 'HeadBucket', purpose: 'checking the bucket' },

  {
    operation: 'DescribeImages',
    parameters: byName,
    stages: ['looking'],
    purpose: 'looking for a finished AMI',
  },
  {
    operation: 'DescribeSnapshots',
    parameters: { 'SnapshotId.1': id('snap') },
    stages: ['looking'],
    purpose: 'reading the snapshot of the AMI that was found',
  },
  {
    operation: 'DescribeTags',
    parameters: tagsOf('ami'),
    stages: ['looking'],
    purpose: 'reading the tags of the AMI that was found',
  },
  {
    operation: 'DescribeImages',
    parameters: { 'ImageId.1': id('ami') },
    stages: ['looking'],
    purpose: 'reading the AMI that was found',
  },
  {
    operation: 'DescribeSnapshots',
    parameters: byDigest,
    purpose: 'looking for a finished snapshot',
    repeats: true,
  },
  {
    operation: 'DescribeImportSnapshotTasks',
    stages: ['looking'],
    purpose: 'looking for an import task',
    repeats: true,
  },
  {
    operation: 'HeadObject',
    stages: ['looking'],
    purpose: 'looking for a finished object',
    repeats: true,
  },
  {
    operation: 'ListMultipartUploads',
    stages: ['looking'],
    purpose: 'looking for an incomplete upload',
  },

  { operation: 'CreateMultipartUpload', purpose: 'starting the upload' },
  { operation: 'UploadPart', parameters: { partNumber: /^1$/ }, purpose: 'sending the first part' },
  { operation: 'UploadPart', purpose: 'sending a further part' },
  { operation: 'CompleteMultipartUpload', purpose: 'completing the upload' },
  { operation: 'HeadObject', stages: ['uploading', 'uploaded'], purpose: 'checking the uploaded object' },
  {
    operation: 'ListMultipartUploads',
    stages: ['uploaded'],
    purpose: 'looking for other uploads of the object',
  },

  { operation: 'ImportSnapshot', purpose: 'starting the import task' },
  {
    operation: 'DescribeImportSnapshotTasks',
    parameters: { 'ImportTaskId.1': id('import-snap') },
    stages: ['importing'],
    purpose: 'reading the task just started',
  },
  {
    operation: 'CreateTags',
    parameters: { 'ResourceId.1': id('import-snap') },
    purpose: 'tagging the import task with its start',
  },
  {
    operation: 'DescribeImportSnapshotTasks',
    parameters: { 'ImportTaskId.1': id('import-snap') },
    purpose: 'waiting for the import task',
    repeats: true,
  },

  { operation: 'StartSnapshot', purpose: 'starting the snapshot' },
  { operation: 'PutSnapshotBlock', parameters: { BlockIndex: /^0$/ }, purpose: 'writing the first block' },
  { operation: 'PutSnapshotBlock', parameters: { BlockIndex: lastBlock }, purpose: 'writing the last block' },
  { operation: 'PutSnapshotBlock', purpose: 'writing a block in between' },
  { operation: 'CompleteSnapshot', purpose: 'completing the snapshot' },

  {
    operation: 'DescribeSnapshots',
    parameters: { 'SnapshotId.1': id('snap') },
    stages: ['importing', 'task tagged', 'written'],
    purpose: 'waiting for the snapshot to complete',
  },
  {
    operation: 'HeadObject',
    stages: ['importing', 'task tagged'],
    purpose: 'checking that the object is unchanged, before the snapshot is tagged',
  },
  {
    operation: 'DescribeTags',
    parameters: tagsOf('snap'),
    stages: ['importing', 'task tagged', 'written'],
    purpose: "reading the snapshot's tags",
  },
  { operation: 'CreateTags', parameters: { 'ResourceId.1': id('snap') }, purpose: 'tagging the snapshot' },
  {
    operation: 'DescribeTags',
    parameters: tagsOf('snap'),
    stages: ['snapshot tagged'],
    purpose: "reading the snapshot's tags back",
  },
  {
    operation: 'HeadObject',
    stages: ['snapshot tagged'],
    purpose: 'checking that the object is unchanged, before its deletion',
  },
  { operation: 'DeleteObject', purpose: 'deleting the object' },
  {
    operation: 'ListMultipartUploads',
    stages: ['object deleted'],
    purpose: 'looking for other uploads, after the object is deleted',
  },

  {
    operation: 'DescribeSnapshots',
    parameters: { 'SnapshotId.1': id('snap') },
    purpose: 'checking the snapshot, before the AMI is registered',
  },
  {
    operation: 'DescribeImages',
    parameters: byName,
    purpose: 'checking that the AMI name is free',
  },
  { operation: 'RegisterImage', purpose: 'registering the AMI' },

  {
    operation: 'DescribeInstances',
    parameters: { 'Filter.2.Name': /^image-id$/ },
    purpose: 'looking for an instance of an earlier test',
    repeats: true,
  },
  { operation: 'RunInstances', purpose: 'starting the instance' },
  { operation: 'GetConsoleOutput', purpose: 'reading the console', repeats: true },
  {
    operation: 'DescribeInstances',
    parameters: { 'InstanceId.1': id('i') },
    purpose: 'watching the instance',
    repeats: true,
  },
  { operation: 'DescribeInstanceStatus', purpose: 'reading the status checks', repeats: true },
  { operation: 'TerminateInstances', purpose: 'terminating the instance' },
  {
    operation: 'DescribeTags',
    parameters: tagsOf('ami'),
    stages: ['terminated'],
    purpose: 'reading the tags of the AMI that was tested',
  },
  {
    operation: 'CreateTags',
    parameters: { 'ResourceId.1': id('ami') },
    purpose: 'tagging the AMI as tested',
  },

  { operation: 'DescribeTags', parameters: tagsOf('ami'), purpose: "reading the AMI's tags back" },
  {
    operation: 'DescribeImages',
    parameters: { 'ImageId.1': id('ami') },
    purpose: 'waiting for the AMI',
  },
];

/** A call of a run, with its moment. */
export interface PlacedCall<Call extends SaidCall> {
  readonly call: Call;
  /** As the table of faults names it: `HeadObject, looking for a finished object`. */
  readonly moment: string;
  readonly repeats: boolean;
}

/**
 * @param calls of one import, from its first on
 * @throws where a call has no moment: the table above lacks an entry
 */
export function placeCalls<Call extends SaidCall>(calls: readonly Call[]): PlacedCall<Call>[] {
  let stage: Stage = 'looking';
  return calls.map((call) => {
    const moment = moments.find((one) => fits(one, call) && (one.stages?.includes(stage) ?? true));
    if (!moment) {
      throw new Error(
        `no moment of fault-matrix/moments.ts fits ${call.service} ${call.operation} in the stage "${stage}": ${JSON.stringify(call.parameters)}`,
      );
    }
    stage = landmarks.find((one) => fits(one, call))?.stage ?? stage;
    return { call, moment: `${call.operation}, ${moment.purpose}`, repeats: moment.repeats ?? false };
  });
}

function fits(
  { operation, parameters = {} }: { readonly operation: string; readonly parameters?: Patterns },
  call: SaidCall,
): boolean {
  return (
    call.operation === operation &&
    Object.entries(parameters).every(([name, pattern]) => pattern.test(call.parameters[name] ?? ''))
  );
}
