import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missingToBoot } from '@ec2-image/local-aws';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makeDirectory } from '../support/process.ts';

test('an x86_64 instance with a BIOS needs QEMU for x86_64, and nothing else', async () => {
  await using programs = await makeDirectory();
  vi.stubEnv('PATH', programs.path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const machine = { architecture: 'x86_64', firmware: 'bios' } as const;
  expect(await missingToBoot(machine)).toEqual(['qemu-system-x86']);
  await writeFile(join(programs.path, 'qemu-system-x86_64'), '', { mode: 0o755 });
  expect(await missingToBoot(machine)).toEqual([]);
  expect(await missingToBoot({ ...machine, architecture: 'arm64' })).toEqual(['qemu-system-arm']);
});
