import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The most that a directory's files take on the disk, in bytes, looked up every 50 ms. */
export function watchUsage(directory: string): { stop(): Promise<number> } {
  let running = true;
  let most = 0;
  const watching = (async () => {
    while (running) {
      most = Math.max(most, await usage(directory));
      await sleep(50);
    }
  })();
  return {
    async stop() {
      running = false;
      await watching;
      return most;
    },
  };
}

async function usage(directory: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    );
  }
  return bytes;
}
