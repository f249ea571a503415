import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectTold, whatIsLeft } from '../fault-matrix/import-scene.ts';
import { expectOneOfEach, openScene, type SceneOptions } from '../support/crash-points.ts';
import { flipBit } from '../support/flip-bit.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import type { ImportDocument } from '../support/import.ts';
import { killRun } from '../support/kill-run.ts';
import { startCli } from '../support/run-cli.ts';
import { isExhaustive, runSample } from '../support/sample.ts';
import { expectNothingWrong } from './half-done.ts';
import { type GatedWay, gatedWays, moreGatedWays } from './ways.ts';

/** Where in the file of an image one bit is wrong. */
const places = {
  'the header': () => 40,
  'a table': (file) => (isQcow2(file) ? lastTable(file) + 5 : file.length - 20),
  'what has been sent': (file) => Math.floor(file.length / 3),
  'what is still to come': (file) => file.length - 2 ** 20,
} satisfies Record<string, (file: Buffer) => number>;

type Place = keyof typeof places;

const isQcow2 = (file: Buffer) => file.toString('latin1', 0, 3) === 'QFI';

/** The first entry that is not zero in the L2 table of the end of the disk, which is fetched out of turn. */
function lastTable(file: Buffer): number {
  const l1 = Number(file.readBigUInt64BE(40));
  const last = l1 + (file.readUInt32BE(36) - 1) * 8;
  const table = Number(file.readBigUInt64BE(last) & 0x00fffffffffffe00n);
  const first = file.subarray(table).findIndex((byte) => byte !== 0);
  return table + first - (first % 8);
}

interface Corruption {
  readonly way: GatedWay;
  readonly place: Place;
  /** As it comes from the server, the first time or every time; or in what a killed run has kept of its download. */
  readonly when: 'once' | 'always' | 'kept';
}

const corruptions: readonly Corruption[] = [...gatedWays, ...moreGatedWays].flatMap((way) =>
  (Object.keys(places) as Place[]).flatMap((place) =>
    (['once', 'always', 'kept'] as const)
      .filter((when) => when !== 'kept' || (isKept(way) && place !== 'what is still to come'))
      .map((when) => ({ way, place, when })),
  ),
);

/** Of what is decompressed as it comes nothing is kept; of several connections the gate does not hold the last pieces, which are short. */
function isKept({ format, flags }: GatedWay): boolean {
  return format !== 'raw.xz' && flags?.connections === undefined;
}

const nameOf = ({ way, place, when }: Corruption) => `${way.name}, ${place}, ${when}`;

// Calm: of one bit, which chance adds nothing to.
const calm = { conditions: 'calm' } as const;

/** Its offset in the file. */
async function wrongByte({ way, place }: Corruption, { directory }: TestImages): Promise<number> {
  return places[place](await readFile(join(directory, `Test-Cloud-1.0.x86_64.${way.format}`)));
}

/** A wrong bit on its way here never becomes a part of an object or a snapshot that is complete. */
async function surviveServed(corruption: Corruption, images: TestImages): Promise<void> {
  const { way, place, when } = corruption;
  const at = await wrongByte(corruption, images);
  let spoilt = 0;
  let isSpoiling = true;
  const alter = (stretch: Buffer, start: number): Buffer => {
    if (!isSpoiling || at < start || at >= start + stretch.length) return stretch;
    spoilt += 1;
    isSpoiling = when === 'always';
    const wrong = Buffer.from(stretch);
    wrong[at - start]! ^= 1;
    return wrong;
  };
  await using scene = await openScene(images, way.via, { ...calm, ...sceneOf(way), mirror: { alter } });
  // Behind the gate, what is wrong comes when parts have been sent, unless nothing can be: then the download waits for nothing.
  const opening = setTimeout(() => scene.openGate(), place === 'what is still to come' ? 10_000 : 0);
  const end = await scene.run();
  clearTimeout(opening);
  expect(spoilt).toBeGreaterThan(0);
  isSpoiling = false;
  await expectNothingWrong(scene, images);
  if (when === 'once') return await expectOneOfEach(scene, images, end);
  const [result] = end.json<ImportDocument>().images;
  const isPacked = way.format === 'raw.xz';
  const code = expect.stringMatching(
    isPacked ? /^(DIGEST_MISMATCH|CORRUPT_COMPRESSION)$/ : /^DIGEST_MISMATCH$/,
  );
  expect(result?.error, end.stderr).toMatchObject({ code, hint: /./ });
  const left = await whatIsLeft(scene.account);
  expect(['nothing', ...(isPacked ? ['upload'] : [])]).toContain(left);
  expectTold(left, result!.leftovers ?? []);
  await expectOneOfEach(scene, images, await scene.run());
}

/** Nor does one that is wrong on the disk when the download is resumed behind parts that were sent. */
async function surviveKept(corruption: Corruption, images: TestImages): Promise<void> {
  const { way } = corruption;
  const gate = Promise.withResolvers<void>();
  const options: SceneOptions = { ...calm, ...sceneOf(way), atGate: () => gate.resolve() };
  await using scene = await openScene(images, way.via, options);
  const run = startCli(scene.args);
  await Promise.race([gate.promise, run.ended]);
  await killRun(run, scene.account);
  const kept = await keptDownload(scene.workDirectory);
  await flipBit(kept, await wrongByte(corruption, images));
  scene.openGate();
  const end = await scene.run();
  await expectOneOfEach(scene, images, end);
  // Of the two blocks that are there, the journal of a killed run need not know.
  if (way.via === 's3') expect(end.stderr).toContain('resuming interrupted upload');
}

async function keptDownload(workDirectory: string): Promise<string> {
  const below = join(workDirectory, 'images');
  const found = (await readdir(below, { recursive: true })).filter((name) => name.endsWith('.partial'));
  expect(found).toHaveLength(1);
  return join(below, found[0]!);
}

const sceneOf = ({ gated, flags }: GatedWay): SceneOptions => ({ gated, flags });

test('a wrong bit of an image that is sent as it arrives: noticed, and nothing is made of it', {
  timeout: isExhaustive ? 3_600_000 : 300_000,
}, async () => {
  const published = new Map<GatedWay['gated'], Promise<TestImages>>();
  const imagesOf = ({ gated, format, disk }: GatedWay) => {
    const images = published.get(gated) ?? publishImages([format], disk);
    published.set(gated, images);
    return images;
  };
  const survive = async (corruption: Corruption) => {
    const images = await imagesOf(corruption.way);
    await (corruption.when === 'kept' ? surviveKept(corruption, images) : surviveServed(corruption, images));
  };
  const { done, failures, seed } = await runSample(corruptions, survive, { size: 2 });
  for (const images of published.values()) await (await images)[Symbol.asyncDispose]();
  console.log(`corruption of what arrives: ${done} of ${corruptions.length}, seed ${seed}`);
  expect(failures.map(({ point, message }) => `${nameOf(point)}: ${message}`)).toEqual([]);
});
