import type { Image } from '@aws-sdk/client-ec2';
import { tagList } from '@ec2-image/provenance';
import {
  type Change,
  comparePublished,
  describeChange,
  isRevoking,
  planPublication,
} from '@ec2-image/publish';
import { wantedRegions } from '../publish/check-regions.ts';
import { checkSharing, contextOf } from '../publish/publish-image.ts';
import { targetsOf } from '../publish/targets.ts';
import type { PublishMeans } from '../publishing.ts';
import type { IdentifiedRun } from '../run.ts';
import { provenanceTagsOf } from '../tags.ts';
import type { PlannedStep } from './planned.ts';

type Publishing = IdentifiedRun & { readonly means: PublishMeans };

/**
 * What publishing would change in each region; nothing without anything that asks for it. Changes nothing.
 *
 * @param image in the region of the import; undefined where it is still to be made
 * @throws what stands in the way: PublishError, and why a required region cannot be read
 */
export async function planPublishing(run: Publishing, image: Image | undefined): Promise<PlannedStep[]> {
  if (!run.request.publish) return [];
  return image ? planChanges(run, image) : planAll(run);
}

async function planChanges(run: Publishing, image: Image): Promise<PlannedStep[]> {
  const targets = targetsOf(await wantedRegions(run), contextOf(run, image));
  const plans = await planPublication({ source: { region: run.cloud.region, image }, targets });
  return targets.flatMap(({ region, required }, index) => {
    const plan = plans[index]!;
    const obstacle = plan instanceof Error ? plan : plan.obstacles[0];
    if (obstacle && required) throw obstacle;
    return plan instanceof Error || obstacle ? [failing(region, obstacle!)] : stepsOf(region, plan.changes);
  });
}

/** Of an AMI that is not there: everything, in every region. */
async function planAll(run: Publishing): Promise<PlannedStep[]> {
  const { cloud, startedAt, amiName } = run;
  await checkSharing(run);
  const image: Image = {
    Name: amiName,
    CreationDate: startedAt.toISOString(),
    Tags: tagList(provenanceTagsOf(run)),
  };
  return targetsOf(await wantedRegions(run), contextOf(run, image)).flatMap(({ region, configured }) => {
    const at = { account: cloud.account, region, now: startedAt.getTime() };
    const changes = comparePublished(configured, undefined, at);
    // The region of the import gets the AMI itself.
    return stepsOf(
      region,
      changes.filter(({ step }) => step !== 'copy' || region !== cloud.region),
    );
  });
}

function stepsOf(region: string, changes: readonly Change[]): PlannedStep[] {
  if (changes.length === 0) return [{ step: 'copy', action: 'reuse', what: `${region}: as configured` }];
  return changes.map((change) => {
    const what = `${region}: ${describeChange(change)}`;
    const step = change.step === 'protect' ? 'deprecate' : change.step;
    return isRevoking(change)
      ? { step, action: 'revoke', what: `${what} (only with --apply)` }
      : { step, action: 'make', what };
  });
}

/** Of a region that may fail. */
function failing(region: string, { message }: Error): PlannedStep {
  return { step: 'copy', action: 'make', what: `${region}: would fail (best effort): ${message}` };
}
