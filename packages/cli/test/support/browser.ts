import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

export interface OpenedPage {
  readonly page: Page;
  /** Everything that the page asked for, itself aside. */
  readonly requests: readonly string[];
  /** What the page logged as an error or was refused by its policy. */
  readonly complaints: readonly string[];
}

/** Debian's Chromium, without a window. Root, as in a container, has no sandbox to offer. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-background-networking', '--disable-component-update'],
  });
}

/** A file, as whoever downloads it opens it. */
export async function openFile(
  browser: Browser,
  path: string,
  options: NonNullable<Parameters<Browser['newContext']>[0]> = {},
): Promise<OpenedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const [requests, complaints]: [string[], string[]] = [[], []];
  const url = pathToFileURL(path).href;
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) requests.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, requests, complaints };
}

/** What axe-core finds serious or critical, as `rule: element`. The page has to be opened with `bypassCSP`. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  const violations = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

/** As a person reads it: without what is hidden. */
export async function visibleText(page: Page): Promise<string> {
  return (await page.evaluate('document.body.innerText')) as string;
}
