import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Way } from '../support/crash-points.ts';
import { publishImages } from '../support/images.ts';
import { useOwnEnvironment } from '../support/in-process.ts';
import { isExhaustive, runAll } from '../support/sample.ts';
import { isRefusal, outcomeOf, recordFaultPoints } from './fault-points.ts';
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

/** Of the whole matrix of one way: far more than it takes. */
export const faultMatrixLimitMs = 20 * 60_000;

/** Most of a point's time is spent waiting: for a limit of time to pass, or before a request is repeated. */
const pointsSideBySide = 8;

const keyOf = ({ call, fault, lasting }: Pick<FaultResult, 'call' | 'fault' | 'lasting'>) =>
  `${call}, ${fault}, ${lasting ? 'lasting' : 'once'}`;

/** Runs every point of one way, and compares what comes of it with `docs/faults.md`, or writes it there where the run is exhaustive. */
export async function checkEveryFault(way: Way): Promise<void> {
  useOwnEnvironment();
  await using images = await publishImages(['qcow2'], { sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
  const points = await recordFaultPoints(images, way);
  const results: FaultResult[] = [];
  const { done, failures } = await runAll(
    points,
    async (point) => {
      const outcome = await outcomeOf(images, way, point);
      if (!point.lasting && !isRefusal(point.fault)) expect(outcome).toBe('recovered');
      results.push({ ...point, way, outcome });
    },
    { sideBySide: pointsSideBySide },
  );
  console.log(`fault matrix, ${way}: ${done} points`);
  expect(failures.map(({ point, message }) => `${keyOf(point)}: ${message}`)).toEqual([]);
  const inOrder = points.map((point) => results.find((result) => keyOf(result) === keyOf(point))!);
  if (isExhaustive) await document(inOrder, way);
  else expect(await documentedOutcomes(way)).toEqual(linesOf(inOrder));
}

/** Sorted, so that a difference shows the lines that differ. */
const linesOf = (results: readonly FaultResult[]) =>
  results.map((result) => `${keyOf(result)}: ${result.outcome}`).sort();

async function document(results: readonly FaultResult[], way: Way): Promise<void> {
  const section = renderFaultSection(results, { way, commit: await currentCommit() });
  const earlier = await readFile(documentPath, 'utf8').catch(() => '');
  const text = withFaultSection(earlier, { introduction, section });
  expect(linesOf(parseFaultTable(text).filter((row) => row.way === way))).toEqual(linesOf(results));
  await writeFile(documentPath, text);
}

async function documentedOutcomes(way: Way): Promise<string[]> {
  return linesOf(parseFaultTable(await readFile(documentPath, 'utf8')).filter((row) => row.way === way));
}

async function currentCommit(): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short=12', 'HEAD']);
  return stdout.trim();
}
