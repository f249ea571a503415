/** After `changeset version`: the files of deploy/ name the image of the new version. An argument names the root of the clone. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { publishedManifests } from './packages.ts';

const root = resolve(process.argv[2] ?? '.');
const { manifest } = publishedManifests(root).find(({ manifest: { name } }) => name === 'ec2-image')!;
for (const file of globSync('deploy/*', { cwd: root })) {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replaceAll(/\bec2-image:\d+\.\d+\.\d+\b/g, `ec2-image:${manifest.version}`));
}
