/**
 * Before packages are published: each says where its sources are, `REPOSITORY_URL`, and has the version of `RELEASE_TAG`. An
 * argument names the root of the clone.
 */
import { relative, resolve } from 'node:path';
import { publishedManifests, writeManifest } from './packages.ts';

const { REPOSITORY_URL: url, RELEASE_TAG: tag } = process.env;
const root = resolve(process.argv[2] ?? '.');
if (!url?.startsWith('https://')) throw new Error('REPOSITORY_URL has to be the https URL of the repository');
const manifests = publishedManifests(root);
const wrong = manifests.filter(({ manifest }) => `v${manifest.version}` !== tag);
if (wrong.length > 0) {
  const versions = wrong.map(({ manifest }) => `${manifest.name} ${manifest.version}`).join(', ');
  throw new Error(`RELEASE_TAG is ${tag}, and these are not of that version: ${versions}`);
}
for (const { path, manifest } of manifests) {
  writeManifest(path, {
    ...manifest,
    homepage: `${url}#readme`,
    repository: { type: 'git', url: `git+${url}.git`, directory: relative(root, resolve(path, '..')) },
    bugs: { url: `${url}/issues` },
  });
}
