import { rm } from 'node:fs/promises';
import type { ImageFormat } from '@ec2-image/sample-image';
import { test as base } from 'vitest';
import type { ImageResult } from '../../src/outcome.ts';
import { type AccountOptions, openAccount } from './account.ts';
import { type PublishedDisk, publishImages } from './images.ts';
import { type Flags, type ImportDocument, importArgs } from './import.ts';
import { type InProcessEnd, runInProcess } from './in-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export { describe, expect } from 'vitest';

/** How an import of one image ended. */
export interface ImportEnd extends InProcessEnd {
  readonly result: ImageResult;
}

/**
 * Tests of the command. Those of a file share its images; each has an account and a work directory of its own.
 *
 * @param options.formats of the images, default qcow2 alone
 * @param options.disk sizes of the disk in them, default as {@link publishImages} has it
 * @param options.account of each test
 * @param options.flags of every import, unless it says otherwise
 */
export function testWith({
  formats = ['qcow2'],
  disk,
  account: accountOptions = {},
  flags: always = {},
}: {
  readonly formats?: readonly ImageFormat[];
  readonly disk?: PublishedDisk;
  readonly account?: AccountOptions;
  readonly flags?: Flags;
} = {}) {
  return (
    base
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
      .extend('images', { scope: 'file' }, async ({}, { onCleanup }) => {
        const images = await publishImages(formats, disk);
        onCleanup(() => images[Symbol.asyncDispose]());
        return images;
      })
      /** To be overridden where some tests of a file need another account: `test.extend('accountOptions', …)`. */
      .extend('accountOptions', (): AccountOptions => accountOptions)
      .extend('account', async ({ accountOptions }, { onCleanup }) => {
        const account = await openAccount(accountOptions);
        onCleanup(() => account[Symbol.asyncDispose]());
        return account;
      })
      // biome-ignore lint/correctness/noEmptyPattern: as above
      .extend('workDirectory', async ({}, { onCleanup }) => {
        const directory = await temporaryDirectory('work');
        onCleanup(() => rm(directory, { recursive: true, force: true }));
        return directory;
      })
      /** The command line that imports the first of the formats. */
      .extend(
        'argsOf',
        ({ account, workDirectory, images }) =>
          (flags: Flags = {}) =>
            importArgs({
              account,
              workDirectory,
              url: images.url(formats[0]!),
              'checksum-url': images.checksumUrl,
              ...always,
              ...flags,
            }),
      )
      /** Runs it in this process. */
      .extend('runImport', ({ argsOf }) => async (flags?: Flags): Promise<ImportEnd> => {
        const end = await runInProcess(argsOf(flags));
        return { ...end, result: end.json<ImportDocument>().images[0]! };
      })
  );
}
