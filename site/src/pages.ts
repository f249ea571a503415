import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mapLinks } from './links.ts';

/** Whatever is served as it is, by its place in the repository. */
const assets = ['docs/iam', 'docs/schema', 'docs/assets'];

/**
 * Writes the source of the site: each page of `docs/` and the README, beside one another, and what they link to.
 *
 * @param options.root of the repository
 * @param options.to the directory, which is replaced
 * @param options.repository where a browser finds the repository's files; links to them are left out without it
 */
export async function writePages({
  root,
  to,
  repository,
}: {
  readonly root: string;
  readonly to: string;
  readonly repository?: string;
}): Promise<void> {
  const names = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  const pages = new Map([
    ...names.map((name) => [`docs/${name}`, name] as const),
    ['README.md', 'readme.md'] as const,
  ]);
  await rm(to, { recursive: true, force: true });
  await mkdir(join(to, 'public'), { recursive: true });
  for (const asset of assets)
    await cp(join(root, asset), join(to, 'public', asset.replace(/^docs\//, '')), { recursive: true });
  const isAsset = (path: string) => assets.some((asset) => path.startsWith(`${asset}/`));
  for (const [from, page] of pages) {
    const markdown = await readFile(join(root, from), 'utf8');
    const links = { from, pages, isAsset, repository };
    await writeFile(join(to, page), asVueText(mapLinks(markdown, links)));
  }
}

/** VitePress reads `{{` as an expression, and `<word>` as an element. */
function asVueText(markdown: string): string {
  return markdown.replace(/<(?=(?:name|suffix|id|tag)>)/g, (less, at, text: string) =>
    isInCode(text, at) ? less : '&lt;',
  );
}

function isInCode(text: string, at: number): boolean {
  const before = text.slice(0, at);
  const fences = before.match(/^```/gm)?.length ?? 0;
  const ticks = before.slice(before.lastIndexOf('\n') + 1).match(/`/g)?.length ?? 0;
  return fences % 2 === 1 || ticks % 2 === 1;
}
