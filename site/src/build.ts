/**
 * Builds the site into `site/dist`: `npm run docs:build`. A dead link fails it.
 *
 * GITHUB_SERVER_URL and GITHUB_REPOSITORY, which GitHub Actions sets, say where links to the repository's files lead.
 * SITE_BASE is the path that the site is served under (default /).
 */
import { fileURLToPath } from 'node:url';
import { build } from 'vitepress';
import { writePages } from './pages.ts';

const site = fileURLToPath(new URL('..', import.meta.url));
const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;

await writePages({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  to: `${site}pages`,
  repository: server && name ? `${server}/${name}/blob/main` : undefined,
});
await build(site);
