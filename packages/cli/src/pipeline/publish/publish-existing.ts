import type { Image } from '@aws-sdk/client-ec2';
import { conflictError, describeImage, findImage } from '@ec2-image/ec2-import';
import { tagRecord } from '@ec2-image/provenance';
import { redactUrl } from '@ec2-image/redact';
import { CliError } from '../../errors/cli-error.ts';
import { explain } from '../../errors/explain.ts';
import type { PublishOutcome, PublishResult, RegionResult } from '../../outcome.ts';
import { findAmiName } from '../begun-name.ts';
import { findSource } from '../find-source.ts';
import { publishedDigest } from '../published-digest.ts';
import type { Known } from '../run.ts';
import { createSteps } from '../steps.ts';
import { type PublishJob, publishImage } from './publish-image.ts';
import { whatPublishes, whyNotPublishable } from './publishable.ts';

/** Publishes the AMI that an import has made of one image. Never throws: a failure is a result. */
export async function publishExisting(given: Omit<PublishJob, 'steps'>): Promise<PublishResult> {
  const { request, cloud, view, log, signal, resumes } = given;
  const steps = createSteps({ image: request.name, view });
  const known: KnownAmi = {};
  const resultOf = (outcome: PublishOutcome, rest: Partial<PublishResult>): PublishResult => ({
    name: request.name,
    amiName: known.amiName ?? null,
    outcome,
    imageId: known.imageId ?? null,
    snapshotId: known.snapshotId ?? null,
    region: cloud.region,
    architecture: request.architecture,
    source: {
      url: redactUrl(known.url ?? request.urls?.[0] ?? request.wanted?.shown ?? ''),
      digest: known.digest ?? null,
    },
    regions: [],
    ...rest,
  });
  try {
    view.stage(request.name, 'checking');
    const image = await findPublishable(given, known);
    const { regions, error } = await publishImage({ ...given, steps }, image);
    const outcome = error ? 'partial' : outcomeOf(regions);
    view.imageEnded(request.name, outcome, `${known.imageId} (${known.amiName})`);
    return resultOf(outcome, {
      regions,
      ...(error && { error: explain(error, { resumes, access: cloud.connection }) }),
    });
  } catch (error) {
    const interrupted = signal.aborted;
    const explained = explain(interrupted ? signal.reason : error, { resumes, access: cloud.connection });
    log.event('error', {
      image: request.name,
      ...explained,
      stack: error instanceof Error ? error.stack : undefined,
    });
    const outcome = interrupted ? 'interrupted' : 'failed';
    view.imageEnded(request.name, outcome, interrupted ? undefined : explained.code);
    return resultOf(outcome, { error: explained });
  }
}

interface KnownAmi extends Known {
  /** Of the image, the first of its mirrors. */
  url?: string;
}

/** A best-effort region that has failed changes nothing of it. */
function outcomeOf(regions: readonly RegionResult[]): PublishOutcome {
  const outcomes = regions.map(({ outcome }) => outcome);
  return (['withheld', 'published'] as const).find((one) => outcomes.includes(one)) ?? 'unchanged';
}

/**
 * The AMI of this name and digest, available, and proven as far as the configuration asks.
 *
 * @throws CliError `NOT_IMPORTED`; Ec2ImportError where the name is another AMI's
 */
async function findPublishable(
  { request: requested, cloud, view, signal, resumes }: Omit<PublishJob, 'steps'>,
  known: KnownAmi,
): Promise<Image> {
  const notice = (message: string) => view.notice(message, requested.name);
  const request = await findSource(requested, { signal, onNotice: notice });
  known.url = request.urls[0];
  const digest = await publishedDigest({ request, cloud, signal, view }, known);
  known.digest = digest;
  const startedAt = new Date(cloud.connection.clock.now());
  const naming = { request, cloud, resumes, signal, notice, digest, startedAt };
  const name = await findAmiName(naming, 'images');
  known.amiName = name;
  const calls = {
    ...cloud.calls,
    client: cloud.ec2,
    pollIntervalMs: request.pollIntervalMs,
    resumes,
    signal,
    onNotice: notice,
  };
  const found = await findImage({ ...calls, name, digest });
  if (!found || found.kind === 'failed') throw notImported(name, 'there is no such AMI', whatPublishes());
  if (found.kind !== 'ours') throw conflictError(found);
  known.imageId = found.ami.imageId;
  known.snapshotId = found.ami.rootSnapshotId;
  const image = await describeImage({ ...calls, imageId: found.ami.imageId, untilAvailable: true });
  const [tags, demands] = [
    tagRecord(image.Tags),
    { proof: request.proof, needsBootTest: request.bootTest !== undefined },
  ];
  const reason = whyNotPublishable(tags, demands);
  if (reason !== undefined) throw notImported(name, reason, whatPublishes(tags, demands));
  return image;
}

function notImported(amiName: string, reason: string, hint: string): CliError {
  return new CliError('NOT_IMPORTED', `${amiName} cannot be published: ${reason}`, {
    hint,
    facts: { amiName },
  });
}
