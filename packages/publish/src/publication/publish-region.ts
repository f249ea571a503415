import { policies, waitUntil } from '@ec2-image/aws-call';
import { copyAmi } from '../copy/copy-ami.ts';
import { createEc2, type Ec2 } from '../ec2.ts';
import { PublishError } from '../errors.ts';
import { deprecateAmi, protectAmi } from '../lifecycle/deprecate-ami.ts';
import { type Change, describeDifference, isRevoking } from '../published/compare-published.ts';
import type { PublishedAmi } from '../published/published-ami.ts';
import { changePermission } from '../share/share-ami.ts';
import { requireUnannounced } from './find-announced.ts';
import { differences, type RegionPlan, readTarget } from './plan-region.ts';
import type { PublishSource } from './target.ts';

export type PublishStep = 'copy' | 'share' | 'deprecate' | 'announce';

/** What became of one region, up to now. */
export interface RegionProgress {
  imageId?: string;
  /** Of its root device. */
  snapshotId?: string;
  readonly made: Change[];
  /** What would take something away from somebody, and was not allowed. */
  readonly withheld: Change[];
  readonly steps: Map<PublishStep, 'done' | 'reused'>;
  /** The step that is being taken. */
  step?: PublishStep;
}

export interface PublishRegionOptions {
  readonly source: PublishSource;
  readonly plan: RegionPlan;
  /** Whether what is not configured any more is revoked. */
  readonly revoke: boolean;
  readonly progress: RegionProgress;
  readonly onChange: (change: Change) => void;
}

/**
 * Brings one region to what is configured, in the order of effects: copy, permissions on snapshots, on the AMI, deprecation, and
 * parameters but `latest`. Each is read back before the next begins.
 *
 * @throws PublishError `PUBLISH_INCOMPLETE`, and what the steps throw
 */
export async function publishRegion(options: PublishRegionOptions): Promise<PublishedAmi> {
  const { source, plan, progress } = options;
  const ec2 = createEc2(plan.session.ec2);
  const imageId = await obtainImage(options);
  progress.imageId = imageId;
  let found = plan.found ?? (await readTarget(imageId, plan));
  progress.snapshotId = found.snapshots[0]?.snapshotId;
  for (const step of ['share', 'deprecate'] as const)
    found = await takeStep(ec2, step, { ...options, found });
  if (progress.withheld.length > 0) return found;
  return takeStep(ec2, 'announce', { ...options, found, source });
}

async function obtainImage({ source, plan, progress, onChange }: PublishRegionOptions): Promise<string> {
  const { target, session, found } = plan;
  if (target.region === source.region) return source.image.ImageId!;
  progress.step = 'copy';
  if (found) {
    progress.steps.set('copy', 'reused');
    return found.imageId;
  }
  const { outcome, image } = await copyAmi({
    ...session.ec2,
    region: target.region,
    sourceRegion: source.region,
    source: source.image,
    encryption: target.encryption,
    completionMinutes: target.completionMinutes,
    replace: target.replace,
    beforeReplacing: (image) => requireUnannounced(image, { target, session }),
    inTurn: session.inTurn,
    onStarted: (imageId) => {
      progress.imageId = imageId;
    },
  });
  progress.steps.set('copy', outcome === 'copied' ? 'done' : 'reused');
  if (outcome !== 'reused') {
    const planned = plan.changes.find(({ step }) => step === 'copy');
    const change: Change = planned ?? { step: 'copy', region: target.region };
    progress.made.push(change);
    onChange(change);
  }
  return image.ImageId!;
}

/** Makes the changes of one step, and waits until a read shows them: nothing after it may build on what is not there. */
async function takeStep(
  ec2: Ec2,
  step: Exclude<PublishStep, 'copy'>,
  { plan, revoke, progress, onChange, found }: PublishRegionOptions & { readonly found: PublishedAmi },
): Promise<PublishedAmi> {
  progress.step = step;
  const isOf = (change: Change) =>
    step === 'announce'
      ? change.step === 'announce' && !change.latest
      : change.step === step || (step === 'deprecate' && change.step === 'protect');
  const changes = differences(found, plan).filter(isOf);
  const allowed = changes.filter((change) => revoke || !isRevoking(change));
  progress.withheld.push(...changes.filter((change) => !allowed.includes(change)));
  if (allowed.length === 0) {
    if (isConfigured(step, plan)) progress.steps.set(step, 'reused');
    return found;
  }
  for (const change of allowed) {
    await makeChange(ec2, change, { imageId: found.imageId, plan });
    progress.made.push(change);
    onChange(change);
  }
  progress.steps.set(step, 'done');
  return readBack(ec2, found.imageId, plan, (change) => isOf(change) && (revoke || !isRevoking(change)));
}

function isConfigured(step: PublishStep, { target: { configured } }: RegionPlan): boolean {
  if (step === 'share') return configured.audience !== undefined;
  if (step === 'announce') return configured.parameters.some(({ latest }) => !latest);
  return configured.deprecateAt !== undefined || configured.protection !== undefined;
}

async function makeChange(
  ec2: Ec2,
  change: Change,
  { imageId, plan }: { readonly imageId: string; readonly plan: RegionPlan },
): Promise<void> {
  switch (change.step) {
    case 'share':
      return changePermission(ec2, change);
    case 'deprecate':
      return deprecateAmi(ec2, { imageId, at: change.at });
    case 'protect':
      return protectAmi(ec2, { imageId, protection: change.protection });
    case 'announce':
      return plan.session.parameters?.put([{ name: change.parameter, imageId }]);
    case 'copy':
      throw new TypeError('a copy is made before anything is changed on it');
  }
}

/** @param concerns which differences are to be gone */
export async function readBack(
  ec2: Ec2,
  imageId: string,
  plan: RegionPlan,
  concerns: (change: Change) => boolean,
): Promise<PublishedAmi> {
  let remaining: Change[] = [];
  return waitUntil(ec2, {
    policy: policies.published,
    async ask() {
      const found = await readTarget(imageId, plan);
      remaining = differences(found, plan).filter(concerns);
      return remaining.length === 0 ? found : undefined;
    },
    onTimeout: () => {
      const { region } = plan.target;
      return new PublishError(
        'PUBLISH_INCOMPLETE',
        `${imageId} in ${region} is not as configured: ${remaining.map(describeDifference).join('; ')}`,
        {
          hint: 'If the same is missing again, something else changes this AMI.',
          resumable: true,
          facts: { imageId, region, differences: remaining.map(describeDifference) },
        },
      );
    },
  });
}
