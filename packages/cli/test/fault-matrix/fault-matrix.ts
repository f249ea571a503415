import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitForLock } from '@ec2-image/file-lock';
import { expect } from 'vitest';
import type { Way } from '../support/crash-points.ts';
import { publishImages } from '../support/images.ts';
import { useOwnEnvironment } from '../support/in-process.ts';
import { isExhaustive, runAll } from '../support/sample.ts';
import { type FaultPoint, isRefusal, outcomeOf, recordFaultPoints } from './fault-points.ts';
import { type FaultResult, parseFaultTable, renderFaultSection, withFaultSection } from './fault-table.ts';

const documentPath = fileURLToPath(new URL('../../../../docs/faults.md', import.meta.url));

const introduction = `
# What becomes of each fault

Written by \`npm run test:all\` and checked by \`npm test\`, both of which run every point: an import on the stand-in,
with one fault at one of the calls that it makes. The calls are those of a recorded run; of a poll that is repeated, the
first two count, and of the blocks the first and the last.

**once**: the fault strikes this one call. **lasting**: it strikes this call and those of its operation that follow it,
one more than the SDK tries by itself (here two; \`--max-attempts\` defaults to 8); a denial lasts for good, and a token
that has expired has expired for every call. \`before\` and \`after\`: whether the service has acted when the connection is
lost. Hangs are met by \`--request-timeout\`.

**recovered**: the same run ended with exit code 0 and one AMI. Where it failed (exit code 1), the table has the code of
the error, and what is left in the account when its tasks have ended; the same command, run again without the fault, then
ended with exactly one AMI and one snapshot, both tagged, equal to the disk, and with no object and no upload left.
`;

/** Of one file of the matrix: far more than it takes. */
export const faultMatrixLimitMs = 20 * 60_000;

/** Most of a point's time is spent waiting: for a limit of time to pass, or before a request is repeated. */
const pointsSideBySide = 8;

const keyOf = ({ call, fault, lasting }: Pick<FaultResult, 'call' | 'fault' | 'lasting'>) =>
  `${call}, ${fault}, ${lasting ? 'lasting' : 'once'}`;

/** A half of one way's matrix: what vitest runs at once are files. */
interface Half {
  readonly way: Way;
  readonly lasting: boolean;
}

/** Runs every point, and compares what comes of it with `docs/faults.md`, or writes it there where the run is exhaustive. */
export async function checkFaults(half: Half): Promise<void> {
  const { way, lasting } = half;
  useOwnEnvironment();
  await using images = await publishImages(['qcow2'], { sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
  const points = await recordFaultPoints(images, way);
  const results: FaultResult[] = [];
  const { done, failures } = await runAll(
    points.filter((point) => point.lasting === lasting),
    async (point) => {
      const outcome = await outcomeOf(images, way, point);
      if (!lasting && !isRefusal(point.fault)) expect(outcome).toBe('recovered');
      results.push({ ...point, way, outcome });
    },
    { sideBySide: pointsSideBySide },
  );
  console.log(`fault matrix, ${way}, ${lasting ? 'lasting' : 'once'}: ${done} points`);
  expect(failures.map(({ point, message }) => `${keyOf(point)}: ${message}`)).toEqual([]);
  if (isExhaustive) await document(results, { way, points });
  expect(documented(await readFile(documentPath, 'utf8'), half)).toEqual(linesOf(results));
}

/** Sorted, so that a difference shows the lines that differ. */
const linesOf = (results: readonly FaultResult[]) =>
  results.map((result) => `${keyOf(result)}: ${result.outcome}`).sort();

const documented = (text: string, half: Half) =>
  linesOf(parseFaultTable(text).filter((row) => row.way === half.way && row.lasting === half.lasting));

/** Puts the results into the section of their way, beside those of the other half. */
async function document(
  results: readonly FaultResult[],
  { way, points }: { readonly way: Way; readonly points: readonly FaultPoint[] },
): Promise<void> {
  const lock = await waitForLock({ path: join(tmpdir(), 'ec2-image-faults.lock') });
  try {
    const earlier = await readFile(documentPath, 'utf8').catch(() => '');
    const known = parseFaultTable(earlier).filter((row) => row.way === way);
    const outcomes = new Map([...known, ...results].map((result) => [keyOf(result), result.outcome]));
    const all = points.map((point) => ({ ...point, way, outcome: outcomes.get(keyOf(point)) ?? '' }));
    const section = renderFaultSection(all, { way, commit: await currentCommit() });
    await writeFile(documentPath, withFaultSection(earlier, { introduction, section }));
  } finally {
    lock.release();
  }
}

async function currentCommit(): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short=12', 'HEAD']);
  return stdout.trim();
}
