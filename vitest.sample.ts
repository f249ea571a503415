import { beforeEach, type RunnerTask, type RunnerTestFile } from 'vitest';

/**
 * The files that take the most time, and how large a share of their tests `npm test` runs, at least one: which ones,
 * `EC2_IMAGE_SEED` says. `test:all` runs all of them, and so does who names a file. In each, a test stands by itself.
 */
const shares: Readonly<Record<string, number>> = {
  'cli/test/ami-options.test.ts': 1 / 2,
  'cli/test/bad-input.test.ts': 1 / 2,
  'cli/test/boot-mode.test.ts': 1 / 3,
  'cli/test/boot-test.test.ts': 1 / 3,
  'cli/test/changing-image.test.ts': 1 / 4,
  'cli/test/command-line.test.ts': 1 / 2,
  'cli/test/completion.test.ts': 1 / 2,
  'cli/test/confined-qemu-nbd.test.ts': 1 / 2,
  'cli/test/copies.test.ts': 1 / 2,
  'cli/test/corrupt-object.test.ts': 1 / 2,
  'cli/test/corruption-matrix.test.ts': 1 / 4,
  'cli/test/dated-name.test.ts': 1 / 2,
  'cli/test/doctor/fix.test.ts': 1 / 3,
  'cli/test/ebs-outage.test.ts': 1 / 2,
  'cli/test/ebs-two-writers.test.ts': 1 / 2,
  'cli/test/ebs.test.ts': 1 / 3,
  'cli/test/encrypting-account.test.ts': 1 / 3,
  'cli/test/encryption.test.ts': 1 / 2,
  'cli/test/foreign-files.test.ts': 1 / 2,
  'cli/test/hints.test.ts': 1 / 2,
  'cli/test/html-report.test.ts': 1 / 2,
  'cli/test/iam/policies.test.ts': 1 / 3,
  'cli/test/interrupt.test.ts': 1 / 3,
  'cli/test/janitor/commands.test.ts': 1 / 2,
  'cli/test/janitor/iam.test.ts': 1 / 2,
  'cli/test/janitor/suggestion.test.ts': 1 / 2,
  'cli/test/janitor/work-files.test.ts': 1 / 2,
  'cli/test/kill.test.ts': 1 / 2,
  'cli/test/lost-output.test.ts': 1 / 3,
  'cli/test/network/failures.test.ts': 1 / 3,
  'cli/test/odd-images.test.ts': 1 / 2,
  'cli/test/outage.test.ts': 1 / 2,
  'cli/test/own-snapshot.test.ts': 1 / 3,
  'cli/test/packed-images.test.ts': 1 / 2,
  'cli/test/parallel-machines.test.ts': 1 / 2,
  'cli/test/pinned-config.test.ts': 1 / 2,
  'cli/test/proof.test.ts': 1 / 3,
  'cli/test/publish/failures.test.ts': 1 / 3,
  'cli/test/publish/publish.test.ts': 1 / 3,
  'cli/test/result.test.ts': 1 / 3,
  'cli/test/s3-source.test.ts': 1 / 2,
  'cli/test/secrets.test.ts': 1 / 2,
  'cli/test/sending/behind-download.test.ts': 1 / 3,
  'cli/test/sending/blocks-behind-download.test.ts': 1 / 4,
  'cli/test/sending/early-download.test.ts': 1 / 4,
  'cli/test/sending/prove-while-sending.test.ts': 1 / 2,
  'cli/test/sending/read-once.test.ts': 1 / 2,
  'cli/test/sending/streamed-upload.test.ts': 1 / 2,
  'cli/test/sending/streamed-zstd.test.ts': 1 / 2,
  'cli/test/side-by-side.test.ts': 1 / 2,
  'cli/test/trust.test.ts': 1 / 3,
  'cli/test/vhd.test.ts': 1 / 2,
  'cli/test/work-directory-faults.test.ts': 1 / 2,
  'cli/test/work-directory.test.ts': 1 / 3,
  'convert/test/archives.test.ts': 1 / 3,
  'convert/test/convert-image.test.ts': 1 / 3,
  'convert/test/converters.test.ts': 1 / 2,
  'convert/test/decompress.test.ts': 1 / 3,
  'convert/test/hostile.test.ts': 1 / 2,
  'convert/test/layout.test.ts': 1 / 2,
  'convert/test/processes.test.ts': 1 / 2,
  'disk-blocks/test/image-reader/qcow2-kinds.test.ts': 1 / 2,
  'ebs-direct/test/any-order.test.ts': 1 / 2,
  'ebs-direct/test/verify-snapshot.test.ts': 1 / 3,
  'ebs-direct/test/write-snapshot.test.ts': 1 / 4,
  'ec2-import/test/wire/import.test.ts': 1 / 2,
  'ec2-import/test/wire/register.test.ts': 1 / 2,
  'fetch/test/killed.test.ts': 1 / 2,
  'janitor/test/scenarios/disabling.test.ts': 1 / 2,
  'janitor/test/scenarios/sweeps.test.ts': 1 / 2,
  'local-aws/test/bin/processes.test.ts': 1 / 2,
  'local-aws/test/ec2/awscli.test.ts': 1 / 2,
  'local-aws/test/ec2/booted-instances.test.ts': 1 / 2,
  'local-aws/test/s3/awscli.test.ts': 1 / 3,
  's3-upload/test/completion.test.ts': 1 / 2,
  's3-upload/test/corruption.test.ts': 1 / 3,
  's3-upload/test/made-disk.test.ts': 1 / 2,
  's3-upload/test/objects.test.ts': 1 / 2,
  's3-upload/test/resume.test.ts': 1 / 3,
  's3-upload/test/weak-services.test.ts': 1 / 2,
};

if (process.env.EC2_IMAGE_TEST === 'sample') {
  beforeEach(({ task, skip }) => {
    const share = Object.entries(shares).find(([path]) =>
      task.file.filepath.endsWith(`/packages/${path}`),
    )?.[1];
    if (share !== undefined) skip(!sampleOf(task.file, share).has(task.id), 'not in this sample');
  });
}

const samples = new WeakMap<RunnerTestFile, ReadonlySet<string>>();

/** The ids of the tests that come first in the order that the seed gives them: so many, whatever the seed. */
function sampleOf(file: RunnerTestFile, share: number): ReadonlySet<string> {
  const known = samples.get(file);
  if (known) return known;
  const tests = testsIn(file).toSorted((one, other) => rank(one) - rank(other));
  const sample = new Set(tests.slice(0, Math.ceil(tests.length * share)).map(({ id }) => id));
  samples.set(file, sample);
  return sample;
}

/** Those that nothing else skips. */
function testsIn(task: RunnerTask): RunnerTask[] {
  if (task.mode !== 'run') return [];
  return task.type === 'suite' ? task.tasks.flatMap(testsIn) : [task];
}

/** From 0 to 1, as evenly as the text is random: the 32 bits of FNV-1a, mixed once more. */
function rank({ fullName }: RunnerTask): number {
  const text = `${process.env.EC2_IMAGE_SEED} ${fullName}`;
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
