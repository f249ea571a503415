import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Published {
  readonly manifest: Manifest;
  readonly tarball: Buffer;
}

/** A registry that has one package of this workspace and all that it depends on, and nothing else. */
export interface LoopbackRegistry extends AsyncDisposable {
  readonly url: string;
  readonly packages: readonly string[];
}

/** @param directory of the package, which is built */
export async function serveRegistry(directory: string): Promise<LoopbackRegistry> {
  const temporary = mkdtempSync(join(tmpdir(), 'ec2-image-registry-'));
  const published = new Map<string, Published>();
  try {
    await publish(directory, { published, temporary });
  } finally {
    rmSync(temporary, { recursive: true });
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    const name = path.replace(/\.tgz$/, '');
    const found = published.get(name);
    // Packages that are optional are asked for, too.
    if (!found) response.writeHead(404).end('{}');
    else if (path !== name) response.end(found.tarball);
    else response.end(JSON.stringify(packument(found, `${url()}/${encodeURIComponent(name)}.tgz`)));
  });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: url(),
    packages: [...published.keys()],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function packument({ manifest, tarball }: Published, url: string): object {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball: url, integrity } } },
  };
}

/** The package and, once each, what it depends on: ours as they would be published, those of others as they are installed. */
async function publish(
  directory: string,
  into: { readonly published: Map<string, Published>; readonly temporary: string },
): Promise<void> {
  const { name } = manifestOf(directory);
  if (into.published.has(name)) return;
  const isOurs = !directory.includes('node_modules');
  const file = join(into.temporary, `${name.replaceAll('/', '-')}.tgz`);
  await (isOurs
    ? execa('pnpm', ['pack', '--out', file], { cwd: directory })
    : execa('tar', [
        ...['-czf', file, '--exclude=./node_modules', '--transform=s,^\\.,package,', '-C', directory, '.'],
      ]));
  const manifest = isOurs ? await packedManifest(file) : manifestOf(directory);
  into.published.set(name, { manifest, tarball: readFileSync(file) });
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    // pnpm puts the dependencies of others' packages beside them.
    const beside = isOurs ? join(directory, 'node_modules') : nodeModulesAbove(directory);
    await publish(realpathSync(join(beside, dependency)), into);
  }
}

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}

async function packedManifest(file: string): Promise<Manifest> {
  const { stdout } = await execa('tar', ['-xzOf', file, 'package/package.json']);
  return JSON.parse(stdout);
}

function nodeModulesAbove(directory: string): string {
  const above = dirname(directory);
  return above.endsWith('node_modules') ? above : nodeModulesAbove(above);
}
