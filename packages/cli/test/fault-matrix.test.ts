import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Way } from './support/crash-points.ts';
import { type FaultPoint, isRefusal, outcomeOf, recordFaultPoints } from './support/fault-points.ts';
import {
  type FaultResult,
  parseFaultTable,
  renderFaultSection,
  withFaultSection,
} from './support/fault-table.ts';
import { publishImages, type TestImages } from './support/images.ts';
import { useOwnEnvironment } from './support/in-process.ts';
import { isExhaustive, runSample } from './support/sample.ts';

const documentPath = fileURLToPath(new URL('../../../docs/faults.md', import.meta.url));

const introduction = `
# What becomes of each fault

Written by \`npm run test:all\`, which runs every point, and checked by \`npm test\`, which runs a sample: an import on the
stand-in, with one fault at one of the calls that it makes. The calls are those of a recorded run; of a poll that is
repeated, the first two count, and of the blocks the first and the last.

**once**: the fault strikes this one call. **lasting**: it strikes this call and those of its operation that follow it,
one more than the SDK tries by itself (here two; \`--max-attempts\` defaults to 8); a denial lasts for good, and a token
that has expired has expired for every call. \`before\` and \`after\`: whether the service has acted when the connection is
lost. Hangs are met by \`--request-timeout\`.

**recovered**: the same run ended with exit code 0 and one AMI. Where it failed (exit code 1), the table has the code of
the error, and what is left in the account when its tasks have ended; the same command, run again without the fault, then
ended with exactly one AMI and one snapshot, both tagged, equal to the disk, and with no object and no upload left.
`;

let images: TestImages;

beforeAll(async () => {
  useOwnEnvironment();
  images = await publishImages(['qcow2'], { sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
});

afterAll(() => images[Symbol.asyncDispose]());

const keyOf = ({ call, fault, lasting }: Pick<FaultResult, 'call' | 'fault' | 'lasting'>) =>
  `${call}, ${fault}, ${lasting ? 'lasting' : 'once'}`;

test.each<Way>(['s3', 'ebs'])(
  'every call of an import by way of %s, with every fault',
  async (way) => {
    const points = await recordFaultPoints(images, way);
    const documented = isExhaustive ? undefined : await documentedOutcomes(way);
    if (documented) expect(points.map(keyOf).sort()).toEqual([...documented.keys()].sort());
    const outcomes = new Map<FaultPoint, string>();
    const { done, failures, seed } = await runSample(
      points,
      async (point) => {
        const outcome = await outcomeOf(images, way, point);
        outcomes.set(point, outcome);
        if (!point.lasting && !isRefusal(point.fault)) expect(outcome).toBe('recovered');
        if (documented) expect(outcome).toBe(documented.get(keyOf(point)));
      },
      { budgetMs: way === 's3' ? 45_000 : 30_000, sideBySide: 4 },
    );
    console.log(`fault matrix, ${way}: ${done} of ${points.length} points, seed ${seed}`);
    expect(failures.map(({ point, message }) => `${keyOf(point)}: ${message}`)).toEqual([]);
    expect(done).toBeGreaterThanOrEqual(isExhaustive ? points.length : 8);
    if (isExhaustive) {
      const results = points.map((point) => ({ ...point, way, outcome: outcomes.get(point)! }));
      await document(results, way);
    }
  },
  isExhaustive ? 3_600_000 : 300_000,
);

async function document(results: readonly FaultResult[], way: Way): Promise<void> {
  const section = renderFaultSection(results, { way, commit: await currentCommit() });
  const earlier = await readFile(documentPath, 'utf8').catch(() => '');
  const text = withFaultSection(earlier, { introduction, section });
  const written = parseFaultTable(text).filter((row) => row.way === way);
  expect(new Map(written.map((row) => [keyOf(row), row.outcome]))).toEqual(
    new Map(results.map((result) => [keyOf(result), result.outcome])),
  );
  await writeFile(documentPath, text);
}

/** Undefined as long as no exhaustive run has written the table of this way. */
async function documentedOutcomes(way: Way): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await readFile(documentPath, 'utf8').catch(() => '');
  const rows = text === '' ? [] : parseFaultTable(text);
  if (!rows.some((row) => row.way === way)) return undefined;
  return new Map(rows.filter((row) => row.way === way).map((row) => [keyOf(row), row.outcome]));
}

async function currentCommit(): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['rev-parse', '--short=12', 'HEAD']);
  return stdout.trim();
}
