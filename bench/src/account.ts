import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { findProgram } from './programs.ts';

/** An empty account on an emulator that runs in a process of its own, with one bucket. */
export interface Account extends AsyncDisposable {
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  /** What the AWS SDKs and tools read. */
  readonly env: Readonly<Record<string, string>>;
  /** The raw bytes of a completed snapshot. */
  snapshotPath(snapshotId: string): string;
}

const bucket = 'bench';
const region = 'us-east-1';

export async function startAccount({
  directory,
  args = [],
}: {
  readonly directory: string;
  /** More arguments for the emulator. */
  readonly args?: readonly string[];
}): Promise<Account> {
  await mkdir(directory, { recursive: true });
  const server = execa(
    'node',
    [
      // As the first line of the program has it.
      '--max-semi-space-size=1',
      await findProgram('@ec2-image/local-aws'),
      ...['--port', '0', '--directory', directory, '--bucket', `${bucket}@${region}`, ...args],
    ],
    {
      stdin: 'ignore',
      stderr: 'inherit',
      buffer: false,
      reject: false,
    },
  );
  const lines = createInterface(server.stdout);
  const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
  const url = /http:\/\/\S+/.exec(line ?? '')?.[0];
  if (url === undefined) throw new Error('the emulator did not start; build it first: npm run build');
  const env = {
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_REGION: region,
    AWS_ENDPOINT_URL: url,
  };
  return {
    url,
    bucket,
    region,
    env,
    snapshotPath: (snapshotId) => join(directory, 'snapshots', `${snapshotId}.raw`),
    async [Symbol.asyncDispose]() {
      server.kill();
      await server;
    },
  };
}
