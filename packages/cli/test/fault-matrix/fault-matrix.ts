import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitForLock } from '@ec2-image/file-lock';
import { expect } from 'vitest';
import type { Way } from '../support/crash-points.ts';
import { publishImages } from '../support/images.ts';
import { isExhaustive, runSample } from '../support/sample.ts';
import { type FaultPoint, isRefusal, type OpenScene, outcomeOf, recordFaultPoints } from './fault-points.ts';
import {
  type FaultResult,
  type FaultSection,
  parseFaultTable,
  renderFaultSection,
  withFaultSection,
} from './fault-table.ts';
import { openImportScene } from './import-scene.ts';
import { diskBytes } from './moments.ts';

const documentPath = fileURLToPath(new URL('../../../../docs/faults.md', import.meta.url));

const introduction = `
# What becomes of each fault

Written by \`npm run test:all\`, which runs every point; \`npm test\` checks a sample. Each point is an import on the emulator
with one fault at one moment: a call, and what it is for. The moments are those of a recorded run
(\`packages/cli/test/fault-matrix/moments.ts\`); **again** is the second call of a moment that repeats, as a poll does.

**once**: the fault strikes this one call. **lasting**: it strikes this call and those of its operation that follow it,
one more than the SDK's own attempts (here two; \`--max-attempts\` defaults to 8); a denial lasts for good, and a token
that has expired has expired for every call. \`before\` and \`after\`: whether the service has acted when the connection is
lost. Calls that hang are ended by \`--request-timeout\`.

**recovered**: the same run ended with exit code 0 and one AMI. Where it failed (exit code 1), the table has the code of
the error, and the leftovers in the account when its tasks have ended; the same command, run again without the fault, then
ended with exactly one AMI and one snapshot, both tagged, equal to the disk, and with no object and no upload left.

Under **While the image arrives**, the download of the image waits before its end until a part of the disk is in S3; the
points are those of the calls that send the disk.

Under **Boot test**, the import finds an AMI that an earlier run has registered and nobody has tested. It ends with an AMI
that is tagged \`ec2-image:boot-test=passed\`, and with no instance.
`;

/** Of one half of a matrix: far more than it takes. */
export const faultMatrixLimitMs = 30 * 60_000;

/** Points of one of the four files, where a sample is enough: together they stay under a minute on two cores. */
const sampleSize = 6;

/** Most of a point's time is spent waiting: for a time limit to pass, or before a request is repeated. */
const pointsSideBySide = 8;

const keyOf = ({ call, fault, lasting }: Pick<FaultResult, 'call' | 'fault' | 'lasting'>) =>
  `${call}, ${fault}, ${lasting ? 'lasting' : 'once'}`;

/** A half of one section's matrix: what vitest runs at once are files. */
interface Half {
  readonly way: FaultSection;
  readonly lasting: boolean;
  /** Points of a sample. */
  readonly size?: number;
  /** Of these operations alone. Default: of all. */
  readonly operations?: ReadonlySet<string>;
}

/** The matrix of an import by one way. */
export async function checkImportFaults(half: Half & { readonly way: Way }): Promise<void> {
  await using images = await publishImages(['qcow2'], { sizeBytes: diskBytes, dataBytes: 2 ** 20 });
  await checkFaults(half, () => openImportScene(images, half));
}

/**
 * Runs every point and writes the outcomes to `docs/faults.md`, where the run is exhaustive; otherwise a sample, whose
 * outcomes have to be those that it has. In both, its rows have to be the moments that the command has.
 */
export async function checkFaults(half: Half, openScene: OpenScene): Promise<void> {
  const { way, lasting, size = sampleSize, operations } = half;
  const recorded = await recordFaultPoints(openScene);
  const points = recorded.filter(({ match }) => operations?.has(match.operation!) ?? true);
  const ofHalf = points.filter((point) => point.lasting === lasting);
  const results: FaultResult[] = [];
  const { seed, done, failures } = await runSample(
    ofHalf,
    async (point) => {
      const outcome = await outcomeOf(openScene, point);
      if (!lasting && !isRefusal(point.fault)) expect(outcome).toBe('recovered');
      results.push({ ...point, way, outcome });
    },
    { size, sideBySide: pointsSideBySide },
  );
  console.log(
    `fault matrix, ${way}, ${lasting ? 'lasting' : 'once'}: ${done} of ${ofHalf.length} points, seed ${seed}`,
  );
  expect(failures.map(({ point, message }) => `${keyOf(point)}: ${message}`)).toEqual([]);
  if (isExhaustive) await document(results, { way, points });
  const documented = await documentedOutcomes(half);
  expect([...documented.keys()].sort()).toEqual(ofHalf.map(keyOf).sort());
  const known = new Map(results.map((result) => [keyOf(result), documented.get(keyOf(result))]));
  expect(new Map(results.map((result) => [keyOf(result), result.outcome]))).toEqual(known);
}

async function documentedOutcomes(half: Half): Promise<Map<string, string>> {
  const rows = parseFaultTable(await readFile(documentPath, 'utf8'));
  return new Map(
    rows
      .filter((row) => row.way === half.way && row.lasting === half.lasting)
      .map((row) => [keyOf(row), row.outcome]),
  );
}

/** Puts the results into their section, beside those of the other half. */
async function document(
  results: readonly FaultResult[],
  { way, points }: { readonly way: FaultSection; readonly points: readonly FaultPoint[] },
): Promise<void> {
  const lock = await waitForLock({ path: join(tmpdir(), 'ec2-image-faults.lock') });
  try {
    const earlier = await readFile(documentPath, 'utf8').catch(() => '');
    const known = parseFaultTable(earlier).filter((row) => row.way === way);
    const outcomes = new Map([...known, ...results].map((result) => [keyOf(result), result.outcome]));
    const all = points.map((point) => ({ ...point, way, outcome: outcomes.get(keyOf(point)) ?? 'not run' }));
    const section = renderFaultSection(all, { way });
    await writeFile(documentPath, withFaultSection(earlier, { introduction, section }));
  } finally {
    lock.release();
  }
}
