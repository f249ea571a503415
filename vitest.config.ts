import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// The benchmarks' own checks take minutes and a gigabyte of Debian packages.
const exhaustive = process.env.EC2_IMAGE_TEST === 'all';

/** These take the longest, a matrix whole many minutes: begun last, they would be waited for alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    return others.toSorted((one, other) => rank(one) - rank(other));
  }
}

const longest = [
  'fault-matrix/s3',
  'fault-matrix/ebs',
  'crash-matrix',
  'doctor/findings',
  'cli/test/import.test',
  'janitor/iam',
  'test/packed.test',
  'network/behind-proxy',
  'cli/test/demo',
  'after-crash',
];

function rank({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((name) => moduleId.includes(name));
  return place < 0 ? longest.length : place;
}

/** Every package's tests in one run; each package's `vitest.config.ts` says how its own run. */
export default defineConfig({
  test: {
    projects: ['packages/*', 'scripts', ...(exhaustive ? ['bench'] : [])],
    sequence: { sequencer: LongestFirst },
  },
});
