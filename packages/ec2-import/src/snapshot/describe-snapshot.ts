import { findConsistently } from '@ec2-image/aws-call';
import { createEc2, type Ec2Options } from '../ec2/ec2.ts';
import { describeSnapshot as describe } from './describe.ts';
import type { SnapshotFacts } from './snapshot.ts';

/**
 * A snapshot as EC2 reports it; undefined where it is not there, which only several agreeing reads are believed about.
 *
 * @throws Ec2ImportError `ACCESS_DENIED` and the other codes of a call
 */
export async function describeSnapshot(
  options: Ec2Options & { readonly snapshotId: string },
): Promise<SnapshotFacts | undefined> {
  const ec2 = createEc2(options);
  return findConsistently(ec2, () => describe(ec2, options.snapshotId));
}
