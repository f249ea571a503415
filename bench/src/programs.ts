import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built file of a package's program: what is measured is what users run, not the sources. */
export async function findProgram(packageName: 'ec2-image' | '@ec2-image/local-aws'): Promise<string> {
  const manifest = fileURLToPath(import.meta.resolve(`${packageName}/package.json`));
  const { bin } = JSON.parse(await readFile(manifest, 'utf8')) as { bin: Record<string, string> };
  return join(dirname(manifest), Object.values(bin)[0]!);
}
