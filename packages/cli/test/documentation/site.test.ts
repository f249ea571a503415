import { fileURLToPath } from 'node:url';
import { serveDirectory } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { openBrowser, seriousFindings } from '../support/browser.ts';
import { isExhaustive } from '../support/sample.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

// The set-up of `npm test` leaves out what builds the site.
describe.runIf(isExhaustive)('the site', () => {
  test('is built, and each page opens, wide and narrow, with all that it loads from itself', {
    timeout: 300_000,
  }, async () => {
    await execa('node', ['site/src/build.ts'], { cwd: root });
    const server = await serveDirectory({ directory: `${root}site/dist` });
    const browser = await openBrowser();
    try {
      for (const width of [360, 1280]) {
        const context = await browser.newContext({ viewport: { width, height: 900 }, bypassCSP: true });
        const page = await context.newPage();
        const [foreign, complaints]: [string[], string[]] = [[], []];
        page.on('request', (request) => {
          if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.url))
            foreign.push(request.url());
        });
        page.on('pageerror', (error) => complaints.push(String(error)));
        page.on('response', (response) => {
          if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
        });
        const visit = async (name: string) => {
          await page.goto(`${server.url}/${name}.html`, { waitUntil: 'networkidle' });
          expect(await page.locator('main h1').first().textContent(), name).toMatch(/\w/);
          expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(
            width,
          );
        };
        await visit('index');
        expect(
          await page.evaluate('document.querySelector(\'img[alt="The demo in a terminal"]\').naturalWidth'),
        ).toBeGreaterThan(0);
        // The colours and the search button of VitePress's own theme aside.
        expect(
          (await seriousFindings(page)).filter((finding) => !/^color-contrast|DocSearch/.test(finding)),
        ).toEqual([]);
        const links = (await page.evaluate(
          "[...document.querySelectorAll('main a')].map((link) => link.href)",
        )) as string[];
        const names = links.flatMap((link) => /\/([\w-]+)\.html/.exec(link)?.[1] ?? []);
        expect(new Set(names).size).toBeGreaterThan(12);
        for (const name of new Set(names)) await visit(name);
        expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] });
        await context.close();
      }
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
