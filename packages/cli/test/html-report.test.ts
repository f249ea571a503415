import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { ImageResult } from '../src/outcome.ts';
import { formatBytes, formatSeconds } from '../src/render/format.ts';
import { renderHtmlReport } from '../src/render/html-report/page.ts';
import { openAccount } from './support/account.ts';
import { openBrowser, openFile, seriousFindings, visibleText } from './support/browser.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith({ formats: ['qcow2'], account: { conditions: 'adverse' } });

/** One run of two images, of which one fails, and its page in one browser. */
const reportTest = test
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }): Promise<Browser> => {
    const browser = await openBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('reported', { scope: 'file' }, async ({ images }) => {
    await using account = await openAccount({ conditions: 'adverse' });
    const workDirectory = await makeWorkDirectory();
    const [report, output, config] = ['report.html', 'result.json', 'ec2-image.yaml'].map((name) =>
      join(workDirectory, name),
    ) as [string, string, string];
    await writeFile(
      config,
      `images:
  good: { url: "${images.url('qcow2')}", checksum-url: "${images.checksumUrl}", arch: x86_64 }
  bad: { url: "${images.url('qcow2')}", sha256: ${'0'.repeat(64)}, arch: x86_64 }
`,
    );
    const ofFile = { name: undefined, arch: undefined, config };
    const run = await runInProcess(importArgs({ account, workDirectory, ...ofFile, report, output }));
    return { run, report, output, document: run.json<ImportDocument>() };
  });

// The first of them starts a browser and imports two images.
describe('--report', { timeout: 180_000 }, () => {
  reportTest(
    'shows the figures of --json, in both themes, wide and narrow, without a request and accessibly',
    async ({ browser, reported: { run, report, output, document } }) => {
      expect(run.exitCode, run.stderr).toBe(1);
      expect(await readFile(output, 'utf8')).toBe(run.stdout);
      const screenshots: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const width of [360, 1280]) {
          const { page, requests } = await openFile(browser, report, {
            colorScheme,
            viewport: { width, height: 800 },
            bypassCSP: true,
          });
          const where = `${colorScheme} ${width}`;
          const text = await visibleText(page);
          for (const figure of figuresOf(document)) expect(text, where).toContain(figure);
          expect(await page.evaluate('document.documentElement.scrollWidth'), where).toBeLessThanOrEqual(
            width,
          );
          expect(await seriousFindings(page), where).toEqual([]);
          expect(requests, where).toEqual([]);
          screenshots.push((await page.screenshot()).toString('base64'));
          await page.context().close();
        }
      }
      // Each theme and each width is drawn.
      expect(new Set(screenshots).size).toBe(4);
    },
  );

  reportTest(
    'has bars where and as long as the stages were',
    async ({ browser, reported: { report, document } }) => {
      const { page } = await openFile(browser, report);
      const [good] = document.images;
      const { startMs, seconds } = scaleOf(document.images);
      const section = page.getByRole('region', { name: 'good' });
      const rows = section.locator('table.time-line tr.span');
      const { stages } = good!.history!;
      expect(await rows.count()).toBe(stages.length);
      for (const [index, { stage, startedAt, seconds: took }] of stages.entries()) {
        const row = rows.nth(index);
        expect(await row.getByRole('rowheader').textContent()).toBe(stage);
        const bar = row.locator('rect');
        const [left, width] = [await bar.getAttribute('x'), await bar.getAttribute('width')].map((share) =>
          Number.parseFloat(share!),
        );
        expect(left).toBeCloseTo((Date.parse(startedAt) - startMs) / 10 / seconds, 1);
        // The shortest are drawn wide enough to be seen.
        expect(width).toBeCloseTo(Math.max(0.25, (100 * took) / seconds), 1);
      }
    },
  );

  reportTest(
    'copies an AMI, and is complete without script',
    async ({ browser, reported: { report, document } }) => {
      const scripted = await openFile(browser, report, {
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      const { imageId, region } = document.images[0]!;
      await scripted.page.getByRole('button', { name: `Copy AMI of ${region}` }).click();
      expect(await scripted.page.evaluate('navigator.clipboard.readText()')).toBe(imageId);
      expect(await scripted.page.getByRole('status').textContent()).toBe(`Copied ${imageId}`);
      expect(scripted.complaints).toEqual([]);
      const plain = await openFile(browser, report, { javaScriptEnabled: false });
      expect(await plain.page.getByRole('button').count()).toBe(0);
      const text = await visibleText(plain.page);
      for (const figure of figuresOf(document)) expect(text).toContain(figure);
    },
  );

  reportTest('of hostile text runs nothing and loads nothing', async ({ browser, workDirectory }) => {
    const hostile = `"><script>document.title='owned'</script><img src=x onerror="document.title='owned'">\u202e'&`;
    const path = join(workDirectory, 'hostile.html');
    await writeFile(path, renderHtmlReport(hostileDocument(hostile), { writtenAt: new Date(0) }));
    const { page, requests } = await openFile(browser, path);
    expect(await page.title()).toBe('1 failed - ec2-image');
    expect(requests).toEqual([]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('h2').first().textContent()).toBe(
      `${hostile.replace('\u202e', '\ufffd')} failed`,
    );
    expect(await page.locator('script').count()).toBe(1);
    expect(await visibleText(page)).toContain('Signed by');
    // The console is there as it was, line by line.
    expect(await page.getByLabel('End of the console').textContent()).toBe(
      `${hostile.replace('\u202e', '\ufffd')}\nlast line`,
    );
  });

  reportTest(
    'fits on paper, without what only a screen can do',
    async ({ browser, reported: { report, document } }) => {
      // A4 without its margins, at 96 dots an inch; a dark theme does not cost ink.
      const { page } = await openFile(browser, report, {
        viewport: { width: 718, height: 1000 },
        colorScheme: 'dark',
      });
      await page.emulateMedia({ media: 'print' });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(718);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        'rgb(255, 255, 255)',
      );
      expect(await page.locator('button.copy:visible').count()).toBe(0);
      const text = await visibleText(page);
      for (const figure of figuresOf(document)) expect(text).toContain(figure);
      const pdf = await page.pdf({ format: 'A4' });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    },
  );

  test('that cannot be written stops the command before it starts anything', async ({ argsOf, account }) => {
    for (const option of ['report', 'output']) {
      const run = await runInProcess(argsOf({ [option]: '/nonexistent/directory/file' }));
      expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('error OUTPUT_FILE: ') });
      expect(run.stderr).toContain(`--${option}`);
    }
    expect(account.calls('GetCallerIdentity')).toEqual([]);
  });

  test('and --output tell of a run that could not start', async ({ argsOf, workDirectory, account }) => {
    account.aws.faults.add({
      match: { operation: 'GetCallerIdentity' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const [report, output] = [join(workDirectory, 'report.html'), join(workDirectory, 'result.json')];
    const run = await runInProcess(argsOf({ report, output, json: false }));
    expect(run.exitCode).toBe(1);
    expect(JSON.parse(await readFile(output, 'utf8'))).toMatchObject({
      images: [],
      error: { code: 'ACCOUNT_UNKNOWN' },
    });
    expect(await readFile(report, 'utf8')).toContain('ACCOUNT_UNKNOWN');
  });
});

/** What a person compares: of the document, as the page writes figures. */
function figuresOf({ images, retries = [] }: ImportDocument): string[] {
  const repeated = retries.flatMap(({ operation, error, count }) => [operation, error, String(count)]);
  const figures = images.flatMap(({ name, imageId, snapshotId, amiName, source, error, chain, history }) => [
    ...[name, imageId, snapshotId, amiName, source.digest, error?.code, error?.message],
    ...chain.flatMap(({ shownBy, value, at }) => [shownBy, value, at]),
    ...history!.stages.flatMap(({ seconds, bytes }) => [
      formatSeconds(seconds),
      bytes ? formatBytes(bytes) : undefined,
    ]),
    ...history!.notices.map(({ message }) => message),
  ]);
  return [...repeated, ...figures].filter((figure) => figure !== undefined && figure !== null);
}

function scaleOf(images: readonly ImageResult[]) {
  const spans = images.flatMap(({ history }) => [history!, ...history!.stages]);
  const startMs = Math.min(...spans.map(({ startedAt }) => Date.parse(startedAt)));
  const endMs = Math.max(...spans.map(({ startedAt, seconds }) => Date.parse(startedAt) + seconds * 1000));
  return { startMs, seconds: (endMs - startMs) / 1000 };
}

function hostileDocument(text: string) {
  const at = new Date(0).toISOString();
  return {
    version: 1 as const,
    images: [
      {
        name: text,
        amiName: text,
        outcome: 'failed' as const,
        imageId: text,
        snapshotId: text,
        region: text,
        architecture: text,
        tags: {},
        source: { url: text, digest: text, signedBy: text },
        image: null,
        proof: { extent: 'full' as const, madeAt: at },
        regions: [
          {
            region: text,
            imageId: text,
            snapshotId: text,
            outcome: 'failed' as const,
            required: true,
            changed: [],
            made: [text],
            withheld: [text],
            error: { code: text, message: text, hint: text },
          },
        ],
        bootTest: { booted: false, reason: text, instanceType: text, console: [text, 'last line'] },
        steps: [],
        chain: [{ from: 'publisher' as const, to: 'digest' as const, shownBy: text, value: text, at }],
        history: {
          startedAt: at,
          seconds: 1,
          stages: [{ stage: text, startedAt: at, seconds: 1, outcome: 'done' as const }],
          notices: [{ at, message: text }],
        },
        error: { code: text, message: text, hint: text },
        leftovers: [text],
      },
    ],
    next: text,
    retries: [{ service: text, operation: text, error: text, count: 1, firstAt: at, lastAt: at }],
  };
}
