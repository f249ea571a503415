import type { ConditionsName } from '@ec2-image/local-aws';
import { test as base } from 'vitest';
import { diskDirectory } from './disks.ts';
import { startEmulator } from './emulator.ts';

export { describe, expect } from 'vitest';

/** Tests that share the emulator of their file, with a bucket; each uses keys of its own, and no fault outlives its test. */
function testIn(conditions: ConditionsName) {
  return (
    base
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
      .extend('shared', { scope: 'file' }, async ({}, { onCleanup }) => {
        const emulator = await startEmulator({ conditions });
        onCleanup(() => emulator[Symbol.asyncDispose]());
        return emulator;
      })
      // biome-ignore lint/correctness/noEmptyPattern: as above
      .extend('directory', { scope: 'file' }, async ({}, { onCleanup }) => {
        const directory = await diskDirectory();
        onCleanup(() => directory[Symbol.asyncDispose]());
        return directory;
      })
      .extend('aws', ({ shared: { aws } }, { onCleanup }) => {
        onCleanup(() => aws.faults.clear());
        return aws;
      })
      .extend('client', ({ shared }) => shared.client)
      .extend('observer', ({ shared }) => shared.observer)
  );
}

export const test = testIn('adverse');
/** For tests that provoke one exact fault, or count every call. */
export const calmTest = testIn('calm');
