import { tagResources } from '@ec2-image/ec2-import';
import { bootTestKey, bootTestTags, tagList } from '@ec2-image/provenance';
import type { BootTest } from '@ec2-image/publish';
import { CliError } from '../errors/cli-error.ts';
import { ec2Options, type IdentifiedRun } from './run.ts';
import type { ObtainedAmi } from './rungs/ami.ts';

/**
 * The AMI, once it is known to boot: by the tag of an earlier test, or by one that this run makes. One that failed is tested
 * again, and is of no use without a test.
 *
 * @throws CliError `BOOT_TEST_FAILED`, and the errors of `testAmi`
 */
export async function requireBoot(run: IdentifiedRun, ami: ObtainedAmi): Promise<ObtainedAmi> {
  const { known, request, steps } = run;
  const { imageId } = ami;
  const recorded = ami.tags[bootTestKey];
  known.imageId = imageId;
  known.snapshotId = ami.snapshotId ?? undefined;
  if (!request.bootTest) {
    if (recorded !== 'failed') return ami;
    known.bootTest = { booted: false, reason: 'failed before' };
    throw failedBefore(imageId);
  }
  if (recorded === 'passed') {
    steps.reuse('boot-test');
    known.bootTest = { booted: true, reason: 'passed before' };
    return ami;
  }
  const tested = await steps.take(
    'boot-test',
    () => testNow(run, ami, request.bootTest!),
    ({ booted }) => ({ outcome: booted ? 'done' : 'failed' }),
  );
  const { booted, reason, instanceType, console } = tested;
  known.bootTest = { booted, reason, instanceType, console };
  const tags = bootTestTags(tested);
  const tagError = await setTags(run, imageId, tags);
  if (!booted) {
    if (tagError) run.notice(`${imageId} is not tagged ${bootTestKey}=failed: ${tagError.message}`);
    throw failed(imageId, reason, {
      hint: "Read the end of the instance's console. The AMI stays private; the next run tests it again.",
    });
  }
  const { Tags: others = [], ...image } = ami.image;
  const Tags = [...others.filter(({ Key }) => Key !== bootTestKey), ...tagList(tags)];
  return tagError
    ? { ...ami, outcome: 'partial', error: ami.error ?? tagError }
    : { ...ami, tags: { ...ami.tags, ...tags }, image: { ...image, Tags } };
}

/** Of an AMI that a run without a boot test finds. */
export function failedBefore(imageId: string): CliError {
  return failed(imageId, 'its boot test failed before, and none is asked for now', {
    hint: 'Test it again with --boot-test true, or import another image.',
  });
}

async function testNow(
  run: IdentifiedRun,
  { image, imageId }: ObtainedAmi,
  bootTest: NonNullable<IdentifiedRun['request']['bootTest']>,
): Promise<BootTest> {
  const { view, request, leftovers } = run;
  const { testAmi } = await import('./boot/test-ami.ts');
  return testAmi({
    ...ec2Options(run),
    image,
    bootTest,
    onStarted(id) {
      leftovers.set('instance', `instance ${id}`);
      run.notice(`started instance ${id} of ${imageId}`);
    },
    onTerminated: () => leftovers.set('instance', undefined),
    onProgress: (note) => view.progress(request.name, { done: 0, unit: 'none', note }),
  });
}

/** An AMI that boots is worth something without the tag: what failed comes back. */
async function setTags(
  run: IdentifiedRun,
  imageId: string,
  tags: Readonly<Record<string, string>>,
): Promise<Error | undefined> {
  try {
    await tagResources({ ...ec2Options(run), ids: [imageId], tags, overwrite: Object.keys(tags) });
    return undefined;
  } catch (error) {
    run.signal.throwIfAborted();
    return error as Error;
  }
}

function failed(imageId: string, reason: string, { hint }: { readonly hint: string }): CliError {
  return new CliError('BOOT_TEST_FAILED', `AMI ${imageId} does not boot: ${reason}`, {
    hint,
    facts: { imageId },
  });
}
