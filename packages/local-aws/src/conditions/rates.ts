import { isMutating } from '../is-mutating.ts';
import type { NamedCall } from './call-names.ts';

/** A token bucket: so many requests at once, then so many a second. */
export interface Rate {
  /** Calls that share it. */
  readonly bucket: string;
  readonly capacity: number;
  readonly perSecond: number;
}

type Limits = readonly [capacity: number, perSecond: number];

/** https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html: each API of an account and region has one. */
const ec2Reads: Limits = [100, 20];
const ec2Unpaginated: Limits = [50, 10];
const ec2Writes: Limits = [50, 5];
/** Of the same page: what has a bucket by its own measure, among the calls that there are here. */
const ec2Own: Readonly<Record<string, Limits>> = {
  CopyImage: [100, 1],
  CreateLaunchTemplateVersion: [100, 5],
  CreateSnapshot: [100, 5],
  CreateTags: [100, 10],
  DeleteSnapshot: [100, 5],
  DeleteTags: [100, 10],
  DeregisterImage: [100, 5],
  DisableImageBlockPublicAccess: [1, 0.1],
  DisableSnapshotBlockPublicAccess: [1, 0.1],
  EnableImageBlockPublicAccess: [1, 0.1],
  EnableSnapshotBlockPublicAccess: [1, 0.1],
  ModifyImageAttribute: [100, 5],
  ModifyLaunchTemplate: [100, 5],
  ModifySnapshotAttribute: [100, 5],
  RunInstances: [5, 2],
  StartInstances: [5, 2],
  TerminateInstances: [100, 5],
};
/** These cost a smaller bucket where neither a page nor a filter is asked for. */
const ec2WorseUnpaginated: ReadonlySet<string> = new Set(['DescribeInstances', 'DescribeSnapshots']);

/** https://docs.aws.amazon.com/general/latest/gr/ebs-service.html, requests a second for an account. */
const ebs: Readonly<Record<string, number>> = {
  CompleteSnapshot: 10,
  GetSnapshotBlock: 1000,
  ListChangedBlocks: 50,
  ListSnapshotBlocks: 50,
  PutSnapshotBlock: 1000,
  StartSnapshot: 10,
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html, a second for each prefix. */
const s3 = { reads: 5500, writes: 3500 };

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html: the default throughput of the parameter store. */
const ssm = { reads: 40, writes: 3 };

/** Undefined where AWS publishes none: of STS, IAM and Auto Scaling. */
export function rateOf(call: NamedCall): Rate | undefined {
  const { service, operation, parameters, accountId, region } = call;
  const kind = isMutating(operation) ? 'writes' : 'reads';
  const place = `${service} ${accountId} ${region}`;
  const own = `${place} ${operation}`;
  switch (service) {
    case 'ec2':
      return rate(own, ec2Limits(call));
    case 'ebs':
      return even(own, ebs[operation] ?? ec2Reads[1]);
    case 's3': {
      const prefix = (parameters.key ?? '').split('/').slice(0, -1).join('/');
      return even(`s3 ${parameters.bucket} ${prefix} ${kind}`, s3[kind]);
    }
    case 'ssm':
      return even(`${place} ${kind}`, ssm[kind]);
    default:
      return undefined;
  }
}

function ec2Limits({ operation, parameters }: NamedCall): Limits {
  const own = ec2Own[operation];
  if (own) return own;
  if (isMutating(operation)) return ec2Writes;
  const isPaginated =
    parameters.MaxResults !== undefined || Object.keys(parameters).some((name) => name.startsWith('Filter'));
  return !isPaginated && ec2WorseUnpaginated.has(operation) ? ec2Unpaginated : ec2Reads;
}

function rate(bucket: string, [capacity, perSecond]: Limits): Rate {
  return { bucket, capacity, perSecond };
}

/** Published as so many a second and no more: a second's worth at once. */
function even(bucket: string, perSecond: number): Rate {
  return { bucket, capacity: perSecond, perSecond };
}
