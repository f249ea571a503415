import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

/** The command, in a process of its own. */
export function localAws(...options: string[]) {
  return execa(process.execPath, ['--conditions=@ec2-image/source', bin, ...options], {
    reject: false,
    stdin: 'ignore',
  });
}

/** Running, and serving at the URL. */
export async function startProcess(directory: string, ...options: string[]) {
  const server = localAws('--directory', directory, ...options);
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
    server.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)));
  });
  return {
    server,
    url,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await server;
    },
  };
}

export async function makeDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'local-aws-process-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, maxRetries: 3 }),
  };
}
