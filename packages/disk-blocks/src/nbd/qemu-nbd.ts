import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessEnd, startConfined } from '@ec2-image/confined-process';
import type { VhdSizeRule } from '@ec2-image/image-headers';
import { DiskBlocksError, dataUnreadable } from '../errors.ts';
import { qemuLimits } from '../qemu-limits.ts';
import { makeSocketDirectory } from './socket-directory.ts';

/** qemu-nbd as it serves one image, read-only, on a Unix socket of its own. */
export interface NbdServer extends AsyncDisposable {
  readonly socketPath: string;
  /** Removes the socket's name: connections stay open, and a killed run leaves no file. */
  hide(): Promise<void>;
  /** Why it ended before it had opened the image, or undefined while it serves. */
  whyEnded(): Promise<DiskBlocksError | undefined>;
  /** Why it closed a connection, once all are closed: it does that where it cannot read the image. Undefined where it does not say. */
  whyClosed(): Promise<DiskBlocksError | undefined>;
}

/** qemu's names of the formats. */
const drivers = { raw: 'raw', qcow2: 'qcow2', vmdk: 'vmdk', vhd: 'vpc', vhdx: 'vhdx' } as const;
export type DiskImageFormat = keyof typeof drivers;

/** A file, or the Unix socket of an NBD server that has its bytes. */
export type ImagePlace = { readonly path: string } | { readonly socketPath: string };

/** A header has been read by then: opening takes milliseconds. */
const startTimeoutMs = 15_000;

/** It listens before it opens the image: one that it rejects ends it a moment after the socket exists. */
const endGraceMs = 250;

/** What it says where the image, and not the connection, is why it closes that (`nbd/server.c`). */
const readingFailed = /((?:reading from file failed|unable to get block status).*)/;

/** @throws DiskBlocksError `QEMU_NBD_MISSING`, `QEMU_NBD_FAILED` */
export async function startQemuNbd({
  file,
  format,
  vhdSizeRule,
  withHoles = false,
  signal,
}: {
  readonly file: ImagePlace;
  readonly format: DiskImageFormat;
  /** Of a VHD, from its header. */
  readonly vhdSizeRule?: VhdSizeRule;
  /** Whether to tell what was never written, which takes qemu 5.2. Default false. */
  readonly withHoles?: boolean;
  readonly signal?: AbortSignal;
}): Promise<NbdServer> {
  const directory = await makeSocketDirectory();
  const socketPath = join(directory, 'socket');
  const hide = () => rm(directory, { recursive: true, force: true });
  const server = await startConfined({
    name: 'qemu-nbd',
    args: [
      '--socket',
      socketPath,
      '--read-only',
      // Without --persistent it ends with its last client, so that none outlives a killed run.
      '--shared=0',
      '--cache=writeback',
      ...(withHoles ? ['--allocation-depth'] : []),
      '--image-opts',
      imageOptions({ file, format, vhdSizeRule }),
    ],
    limits: qemuLimits,
    signal,
  }).catch(async (error: unknown) => {
    await hide();
    throw error;
  });
  if (!server) {
    await hide();
    throw new DiskBlocksError('QEMU_NBD_MISSING', 'qemu-nbd is not installed', {
      hint: 'Install qemu-utils (Debian) or qemu-img (Fedora).',
    });
  }
  server.stdin.end();
  server.stdout.resume();
  // After an abort the signal has the reason; here it only matters that the program has ended.
  const ended = server.ended.catch((): ProcessEnd => ({ stderr: 'stopped' }));
  const stop = async () => {
    server.stop('SIGTERM');
    await ended;
    await hide();
  };
  const deadline = Date.now() + startTimeoutMs;
  while (!existsSync(socketPath)) {
    const end = await Promise.race([ended, delay(10)]);
    if (!end && Date.now() < deadline) continue;
    await stop();
    signal?.throwIfAborted();
    throw startError(end ?? undefined);
  }
  return {
    socketPath,
    hide,
    async whyEnded() {
      const end = await Promise.race([ended, delay(endGraceMs)]);
      return end ? startError(end) : undefined;
    },
    async whyClosed() {
      const end = await Promise.race([ended, delay(endGraceMs)]);
      const [, said] = end ? (readingFailed.exec(end.stderr) ?? []) : [];
      return said === undefined ? undefined : dataUnreadable(said);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * States the format, and of a VHD which field gives its size, in which qemu's versions differ. qemu guesses nothing, and
 * opens no file that the image names.
 */
function imageOptions({
  file,
  format,
  vhdSizeRule,
}: {
  readonly file: ImagePlace;
  readonly format: DiskImageFormat;
  readonly vhdSizeRule?: VhdSizeRule;
}): string {
  return [
    `driver=${drivers[format]}`,
    ...('path' in file
      ? ['file.driver=file', `file.filename=${escaped(resolve(file.path))}`]
      : ['file.driver=nbd', 'file.server.type=unix', `file.server.path=${escaped(file.socketPath)}`]),
    ...(format === 'qcow2' ? ['backing='] : []),
    ...(vhdSizeRule ? [`force_size_calc=${vhdSizeRule}`] : []),
  ].join(',');
}

function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}

function startError(end: ProcessEnd | undefined): DiskBlocksError {
  const said = end?.stderr || (end?.signal ? `killed by ${end.signal}` : 'no answer in time');
  return new DiskBlocksError('QEMU_NBD_FAILED', `qemu-nbd did not open the image: ${said}`, {
    hint: 'Check the image with `qemu-img check`.',
    cause: end?.cause,
  });
}
