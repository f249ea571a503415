import { createCipheriv, createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type Figure } from '../measuring/figure.ts';
import { measure, median, takeTurns } from '../measuring/measure.ts';
import { programCommand, startServer } from './server.ts';
import { type BenchOptions, inEmptyDirectory } from './transfers.ts';

const connections = 4;
/** Of each connection, in bytes a second: a mirror that means to serve many. */
const connectionLimit = 20 * 2 ** 20;

/** A file of 1 GiB, downloaded and checked. */
export async function downloadFigures({ scratch, rounds }: BenchOptions): Promise<Figure[]> {
  const path = join(scratch, 'download.bin');
  const digest = await makeNoise(path, 2 ** 30);
  const ours = (url: string, directory: string) =>
    programCommand('download', url, `sha256:${digest}`, directory, String(connections));
  const turns = async <Name extends string>(
    commands: Readonly<Record<Name, (url: string, directory: string) => [string, ...string[]]>>,
    limit: readonly string[],
  ) => {
    await using server = await startServer('file-server', path, ...limit);
    const names = Object.keys(commands) as Name[];
    const contestant = (name: Name) => () =>
      inEmptyDirectory(
        scratch,
        async (cwd) => (await measure(commands[name](server.url, cwd), { cwd })).seconds,
      );
    const contestants = Object.fromEntries(names.map((name) => [name, contestant(name)]));
    return await takeTurns(contestants as Record<Name, () => Promise<number>>, { rounds });
  };
  const free = await turns({ ours, 'curl, then sha256sum': curl, 'aria2, unchecked': aria2 }, []);
  const limited = await turns({ ours, 'aria2, unchecked': aria2 }, [String(connectionLimit)]);
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

function curl(url: string): [string, ...string[]] {
  return ['bash', '-c', `curl -sSfO '${url}' && sha256sum download.bin`];
}

function aria2(url: string): [string, ...string[]] {
  return [
    'aria2c',
    '--quiet',
    `--max-connection-per-server=${connections}`,
    `--split=${connections}`,
    '--min-split-size=1M',
    '--file-allocation=none',
    url,
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
