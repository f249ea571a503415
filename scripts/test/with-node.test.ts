import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const withNode = fileURLToPath(new URL('../with-node', import.meta.url));
/** What npx has put in front of this process's PATH. */
const isOfNpx = (directory: string) => /[/\\](?:_npx|node_modules)[/\\]/.test(directory);
const directories = (process.env.PATH ?? '').split(delimiter);

test.skipIf(process.env.EC2_IMAGE_TOOLCHAIN === undefined || !directories.some(isOfNpx))(
  'a toolchain that is in the cache needs no registry',
  () => {
    const { EC2_IMAGE_TOOLCHAIN: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(withNode, ['node', '--version'], {
      encoding: 'utf8',
      env: {
        ...env,
        PATH: directories.filter((directory) => !isOfNpx(directory)).join(delimiter),
        // The registry's name stays, under which the cache has it, and nobody answers.
        npm_config_proxy: 'http://127.0.0.1:1',
        npm_config_https_proxy: 'http://127.0.0.1:1',
        npm_config_noproxy: '',
        npm_config_fetch_retries: '0',
      },
    });
    expect(status, stderr).toBe(0);
    expect(Number(/^v(\d+)\./.exec(stdout)?.[1])).toBeGreaterThanOrEqual(22);
  },
  120_000,
);
