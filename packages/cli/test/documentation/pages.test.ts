import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestImages } from '../support/images.ts';
import { isExhaustive, sampleOf, sampleSeed } from '../support/sample.ts';
import { commandsOf, documents, readDocument, stepsOf } from './documents.ts';
import { type Page, pages } from './pages.ts';
import { openStage, publishExamples } from './stage.ts';

const typedOf = (path: string) => [
  ...new Set(commandsOf(readDocument(path)).map((words) => words.join(' '))),
];

test.each(documents)('every command in %s runs here, or it is said why not', (path) => {
  const { runs = {}, elsewhere = {} }: Partial<Page> = pages[path] ?? {};
  expect([...Object.keys(runs), ...Object.keys(elsewhere)].sort()).toEqual(typedOf(path).sort());
});

// The README has thirty, of which first-steps.test.ts runs those that matter most in `npm test`.
const isShort = ([, { runs }]: readonly [string, Page]) => Object.keys(runs).length < 10;
const sample = sampleOf(
  Object.entries(pages).filter((page) => isExhaustive || isShort(page)),
  1,
);

let images: TestImages;
beforeAll(async () => {
  images = await publishExamples();
});
afterAll(() => images[Symbol.asyncDispose]());

describe(`typed in their order, by EC2_IMAGE_SEED=${sampleSeed}`, () => {
  test.each(sample)('the commands of %s end as it says', { timeout: 240_000 }, async (path, page) => {
    await using stage = await openStage(images);
    await page.prepare?.(stage);
    const ends: Record<string, number | null> = {};
    let said = '';
    for (const step of stepsOf(readDocument(path))) {
      if ('configuration' in step) await stage.configure(step.configuration);
      else {
        const line = step.words.join(' ');
        if (line in ends || !(line in page.runs)) continue;
        const { exitCode, stdout, stderr } = await stage.type(step.words);
        ends[line] = exitCode;
        if (exitCode !== page.runs[line]) said += `ec2-image ${line}: ${exitCode}\n${stdout}${stderr}\n`;
      }
    }
    expect(ends, said).toEqual(page.runs);
  });
});
