import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, Package, type Problem } from '@arethetypeswrong/core';
import { problemAffectsResolutionKind } from '@arethetypeswrong/core/problems';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly publishConfig?: { readonly exports?: object };
}

/** A package that is built, as it is published: `publishConfig` wins over what the workspace goes by, as pnpm packs it. */
function publishedPackage(directory: string): Package {
  const manifest: Manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const published = { ...manifest, ...manifest.publishConfig };
  const dist = readdirSync(join(directory, 'dist'), { recursive: true, withFileTypes: true });
  const files = dist
    .filter((entry) => entry.isFile() && /\.(?:js|d\.ts)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const inPackage = (path: string) => `/node_modules/${manifest.name}${path}`;
  return new Package(
    {
      [inPackage('/package.json')]: JSON.stringify(published),
      ...Object.fromEntries(
        files.map((path) => [inPackage(path.slice(directory.length)), readFileSync(path, 'utf8')]),
      ),
    },
    manifest.name,
    manifest.version,
  );
}

/** ES modules alone: who requires them, or resolves as Node.js 10 did, gets no types. */
const resolutions = ['node16-esm', 'bundler'] as const;

/** What is wrong with the types of a package that is built, for those who import it. */
export async function wrongTypes(directory: string): Promise<readonly Problem[]> {
  const analysis = await checkPackage(publishedPackage(directory));
  if (!analysis.types) throw new Error(`${directory} has no types`);
  return analysis.problems.filter((problem) =>
    resolutions.some((kind) => problemAffectsResolutionKind(problem, kind, analysis)),
  );
}
