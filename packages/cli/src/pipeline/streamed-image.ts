import { readdir } from 'node:fs/promises';
import { imageFileName, streamImage } from '@ec2-image/fetch';
import { type Digest, shortDigest } from '@ec2-image/provenance';
import { isAuthentic } from '../config/checksum.ts';
import { recordChecksum } from './chain.ts';
import { streamedContent } from './content.ts';
import { Resources } from './resources.ts';
import { contentOptions, type ImageRun } from './run.ts';
import { lacksSigner } from './signer.ts';
import type { StreamedImage } from './started-image.ts';

/**
 * Opens an image whose disk can be read during the download. Undefined where the image has to be a file, as it is a disk
 * format that is read here and there, or is one already, if only in part.
 */
export async function openStreamedImage(run: ImageRun): Promise<StreamedImage | undefined> {
  const early = await run.image.early?.takeStream(run.signal);
  return early ? early.stream : openStream(run);
}

/** Whether a disk of this format is made, by the way that is asked for, of an image that is read but once. */
export function mayStream({ request, failedProofs }: ImageRun): boolean {
  const { via, format, converter, verify } = request;
  if (via === 'ebs') return true;
  // `verify` reads the image again.
  return format !== 'vmdk' && converter !== 'qemu-img' && !verify && failedProofs.wrong === 0;
}

/** {@link openStreamedImage}, of an image that nobody has begun to download. */
export async function openStream(run: ImageRun): Promise<StreamedImage | undefined> {
  const { request, digest, directory, signal, notice, steps, view } = run;
  // Its signature is verified before anything is sent, and tags say whose it is: that takes a file.
  if (isDiskFile(request.urls[0]!)) return undefined;
  // A file need not say how large its disk is: decompressing it tells.
  if (run.wrongStreams.isSizeWrong) return undefined;
  if (request.keepFiles || lacksSigner(run) || (await hasDownload(directory.path, digest))) return undefined;
  await using opened = new Resources();
  const stream = await streamImage({
    url: request.urls,
    digest,
    checksumUrl: 'url' in request.checksum ? request.checksum.url : undefined,
    allowHttpRedirect: isAuthentic(request.checksum),
    signS3: run.cloud.signS3,
    signal,
    onNotice: notice,
  });
  if (!stream) return undefined;
  opened.use(stream);
  const content = await streamedContent({
    ...contentOptions(run),
    stream,
    onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
  });
  if (!content) return undefined;
  opened.use(content);
  const ended = Promise.withResolvers<void>();
  const downloading = steps.take(
    'download',
    () => ended.promise,
    () => ({ bytes: stream.size }),
  );
  // Hashed as it came: without the digest the stream would not have ended.
  const downloaded = downloading.then(() => recordChecksum(run, stream.size));
  downloaded.catch(() => {});
  const resources = opened.move();
  return {
    content: {
      ...content,
      async *blocks(options) {
        yield* content.blocks(options);
        ended.resolve();
      },
    },
    downloaded,
    fail: ended.reject,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

/** By its name, which costs no request: a packed image that is called so is downloaded into a file. */
function isDiskFile(url: string): boolean {
  return /\.(qcow2|img|raw|vmdk|vhdx?)$/i.test(imageFileName(url));
}

/** Finished or not: what is there is not fetched again. */
async function hasDownload(directory: string, digest: Digest): Promise<boolean> {
  const names = await readdir(directory);
  return names.some((name) => name.startsWith(shortDigest(digest)) && !name.endsWith('.lock'));
}
