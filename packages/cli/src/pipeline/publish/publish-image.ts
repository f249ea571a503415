import type { Image } from '@aws-sdk/client-ec2';
import type { AmiFacts } from '@ec2-image/ec2-import';
import { tagList } from '@ec2-image/provenance';
import {
  type Change,
  checkTargets,
  describeChange,
  isRevoking,
  type PublishedRegion,
  type PublishStep,
  publishAmi,
  type RegionPlan,
  requireUnannounced,
} from '@ec2-image/publish';
import type { Cloud } from '../../aws/cloud.ts';
import type { RequestedImport } from '../../config/import-request.ts';
import { explain } from '../../errors/explain.ts';
import { type RegionChange, type RegionResult, regionChanges } from '../../outcome.ts';
import type { RunLog } from '../../run-log.ts';
import type { RunView } from '../progress.ts';
import type { PublishMeans } from '../publishing.ts';
import type { Steps } from '../steps.ts';
import { wantedRegions } from './check-regions.ts';
import { keyPolicyStatement } from './key-policy.ts';
import { type TargetContext, targetsOf } from './targets.ts';

export interface PublishJob {
  readonly request: RequestedImport;
  readonly cloud: Cloud;
  readonly means: PublishMeans;
  readonly steps: Steps;
  readonly view: RunView;
  readonly log: RunLog;
  readonly signal: AbortSignal;
  readonly resumes: boolean;
}

export interface PublishedImage {
  readonly regions: readonly RegionResult[];
  /** Why a required region is not as configured: that of the first. */
  readonly error?: Error;
}

/**
 * Before anything is made: whether the AMI could be shared as its request says, and what it is to replace be deregistered.
 *
 * @throws PublishError
 */
export async function checkPublication(
  job: Omit<PublishJob, 'steps' | 'log' | 'resumes'> & { readonly amiName: string },
): Promise<void> {
  const { request, cloud, amiName: name, signal } = job;
  if (!request.publish || !(request.publish.audience || request.replace)) return;
  const targets = targetsOf(await wantedRegions(job), contextOf(job));
  const isEncrypted = request.encryption !== undefined;
  await checkTargets(targets, { region: cloud.region, name, isEncrypted, signal });
}

/**
 * Just before an AMI is deregistered for the one that is registered: whether parameters name it.
 *
 * @throws PublishError `REPLACED_AMI_ANNOUNCED`; the codes of a call where that cannot be read
 */
export async function requireReplaceable(
  job: Omit<PublishJob, 'steps' | 'log' | 'resumes'>,
  { imageId: ImageId, creationDate: CreationDate, tags }: AmiFacts,
): Promise<void> {
  const { region } = job.cloud;
  if (!job.request.publish) return;
  for (const target of targetsOf([{ region, required: true }], contextOf(job)))
    await requireUnannounced(
      { ImageId, CreationDate, Tags: tagList(tags) },
      { target, session: await target.open() },
    );
}

/** What publishing an AMI takes besides its regions. */
export function contextOf(
  { request, means, view, signal }: Pick<PublishJob, 'request' | 'means' | 'view' | 'signal'>,
  image?: Image,
): TargetContext {
  return {
    request,
    settings: request.publish!,
    image,
    openRegion: (region) => means.openRegion(request, region),
    copies: means.copies,
    signal,
    notice: (message) => view.notice(message, request.name),
  };
}

/** Publishes the AMI of one image as its request says; without anything that asks for it, it makes no call. */
export async function publishImage(job: PublishJob, image: Image): Promise<PublishedImage> {
  const { request, cloud, means, view, log, signal } = job;
  const { name } = request;
  if (!request.publish) return { regions: [] };
  const notice = (message: string) => view.notice(message, name);
  view.stage(name, 'publish');
  const targets = targetsOf(await wantedRegions(job), contextOf(job, image));
  const published = await publishAmi({
    source: { region: cloud.region, image },
    targets,
    revoke: means.revoke,
    force: means.force,
    signal,
    onPlan: (plans) => {
      for (const line of describePlan(plans, { revoke: means.revoke })) notice(line);
    },
    confirmCopies: () => means.confirmCopies(request),
    onChange: (region, change) => notice(`${region}: ${describeChange(change)}: done`),
    onRegion(region) {
      const result = regionResult(region, job);
      log.event('region', { image: name, ...result });
      notice(describeRegion(result));
    },
  });
  tellKeyPolicy(job, notice);
  recordSteps(published, job.steps);
  const failed = published.find(({ required, error }) => required && error !== undefined);
  return {
    regions: published.map((region) => regionResult(region, job)),
    ...(failed && { error: failed.error as Error }),
  };
}

/** Nobody else can use a key of one's own unless its policy says so, and only its owner can change that. */
function tellKeyPolicy({ request, cloud }: PublishJob, notice: (message: string) => void): void {
  const { encryption, publish } = request;
  if (encryption?.kmsKey === undefined || !publish?.audience?.accounts.length) return;
  const statement = JSON.stringify(keyPolicyStatement(publish.audience, cloud.region));
  notice(`who the AMI is shared with needs this statement in the policy of its key: ${statement}`);
}

/** A line a region: what will be done there. */
export function describePlan(
  plans: readonly Pick<RegionPlan, 'target' | 'changes'>[],
  { revoke }: { readonly revoke: boolean },
): string[] {
  return plans.map(({ target, changes }) => {
    const words = changes.map(
      (change) => `${describeChange(change)}${isRevoking(change) && !revoke ? ' (only with --apply)' : ''}`,
    );
    return `${target.region}: ${words.length > 0 ? words.join('; ') : 'nothing to change'}`;
  });
}

function describeRegion({ region, outcome, imageId, required, error }: RegionResult): string {
  if (!error) return `${region}: ${outcome}: ${imageId}`;
  return `${region}: ${required ? 'failed' : 'failed (best effort)'}: ${error.code}: ${error.message}`;
}

function regionResult(
  { region, required, outcome, imageId, snapshotId, made, withheld, error }: PublishedRegion,
  { resumes, cloud }: Pick<PublishJob, 'resumes' | 'cloud'>,
): RegionResult {
  const words = (changes: readonly Change[]) => changes.map(describeChange);
  return {
    region,
    imageId: imageId ?? null,
    snapshotId: snapshotId ?? null,
    outcome,
    required,
    changed: regionChanges.filter((kind) => made.some((change) => kindOf(change) === kind)),
    made: words(made),
    withheld: words(withheld),
    ...(error !== undefined && { error: explain(error, { resumes, access: cloud.connection }) }),
  };
}

function kindOf(change: Change): RegionChange {
  if (change.step === 'share') return isRevoking(change) ? 'revoked' : 'shared';
  const kinds = {
    copy: 'copied',
    deprecate: 'deprecated',
    protect: 'protected',
    announce: 'announced',
  } as const;
  return kinds[change.step];
}

const publishSteps: readonly PublishStep[] = ['copy', 'share', 'deprecate', 'announce'];

/** One entry for all regions: failed where a required one has failed, done where any was changed. */
function recordSteps(regions: readonly PublishedRegion[], steps: Steps): void {
  for (const step of publishSteps) {
    const outcomes = regions.flatMap(({ steps: taken, required }) => {
      const outcome = taken.get(step);
      return outcome === undefined || (outcome === 'failed' && !required) ? [] : outcome;
    });
    const outcome = (['failed', 'done', 'reused'] as const).find((one) => outcomes.includes(one));
    if (outcome === 'reused') steps.reuse(step);
    else if (outcome !== undefined) steps.record(step, { outcome });
  }
}
