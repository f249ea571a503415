import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PublishedManifest {
  readonly name: string;
  readonly version: string;
}

/** The manifests of the packages that are published, with where they are. */
export function publishedManifests(
  root: string,
): { readonly path: string; readonly manifest: PublishedManifest }[] {
  return globSync('packages/*/package.json', { cwd: root })
    .toSorted()
    .map((file) => join(root, file))
    .map((path) => ({ path, manifest: JSON.parse(readFileSync(path, 'utf8')) }));
}

export function writeManifest(path: string, manifest: object): void {
  writeFileSync(path, `${JSON.stringify(manifest, undefined, 2)}\n`);
}
