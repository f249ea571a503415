import { createCipheriv, createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type Figure } from './figure.ts';
import { measure, median, takeTurns } from './measure.ts';
import { programCommand, startServer } from './server.ts';
import { type BenchOptions, inEmptyDirectory } from './transfers.ts';

const connections = 4;
/** Of each connection, in bytes a second: a mirror that means to serve many. */
const connectionLimit = 20 * 2 ** 20;

/** A file of 1 GiB, downloaded and checked. */
export async function downloadFigures({ scratch, rounds }: BenchOptions): Promise<Figure[]> {
  const path = join(scratch, 'download.bin');
  const digest = await makeNoise(path, 2 ** 30);
  const turns = async (limit: readonly string[]) => {
    await using server = await startServer('file-server', path, ...limit);
    const contestant = (command: (directory: string) => [string, ...string[]]) => () =>
      inEmptyDirectory(scratch, async (cwd) => (await measure(command(cwd), { cwd })).seconds);
    return await takeTurns(
      {
        ours: contestant((directory) =>
          programCommand('download', server.url, `sha256:${digest}`, directory, String(connections)),
        ),
        'curl, then sha256sum': contestant(() => [
          'bash',
          '-c',
          `curl -sSfO '${server.url}' && sha256sum download.bin`,
        ]),
        'aria2, unchecked': contestant(() => [
          'aria2c',
          '--quiet',
          `--max-connection-per-server=${connections}`,
          `--split=${connections}`,
          '--min-split-size=1M',
          '--file-allocation=none',
          server.url,
        ]),
      },
      { rounds },
    );
  };
  const free = await turns([]);
  const limited = await turns([String(connectionLimit)]);
  return [
    {
      what: 'download and check of 1 GiB: time against curl, then sha256sum',
      value: median(free.ours) / median(free['curl, then sha256sum']),
      target: { atMost: 1 },
      from: describe(free),
    },
    {
      what: `the same, each connection limited to 20 MiB/s: throughput against aria2, ${connections} connections each`,
      value: median(limited['aria2, unchecked']) / median(limited.ours),
      target: { atLeast: 1 },
      from: describe(limited),
    },
  ];
}

/** Bytes that do not compress, the same each time. @returns their SHA-256 (hex) */
async function makeNoise(path: string, length: number): Promise<string> {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16));
  const zeros = Buffer.alloc(4 * 2 ** 20);
  const hash = createHash('sha256');
  await using file = await open(path, 'w');
  for (let done = 0; done < length; done += zeros.length) {
    const bytes = cipher.update(zeros);
    hash.update(bytes);
    await file.appendFile(bytes);
  }
  return hash.digest('hex');
}
