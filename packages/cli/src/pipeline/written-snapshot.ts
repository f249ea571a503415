import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import {
  type SnapshotProgress,
  volumeSizeGiB,
  type WrittenSnapshot,
  writeSnapshot,
} from '@ec2-image/ebs-direct';
import {
  describeSnapshot,
  findSnapshot,
  isFinished,
  type Snapshot,
  tagResources,
} from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import { requireUnchanged, streamImage } from '@ec2-image/fetch';
import { clientToken, type Digest, shortDigest, writtenDescription } from '@ec2-image/provenance';
import { type Content, openContent, streamedContent } from '../content.ts';
import { createEbsClient } from '../ebs-client.ts';
import { obtainImage, readingImage, readingLocalImage } from './image.ts';
import type { ObtainedSnapshot } from './snapshot.ts';
import { constantTagsOf, snapshotTagsOf } from './tags.ts';
import { contentOptions, ec2Options, type Work } from './work.ts';

/** The snapshot by way of EBS direct: complete and used, or written block by block from the image. */
export async function obtainWrittenSnapshot(work: Work): Promise<ObtainedSnapshot> {
  const { request, cloud, digest, notice, steps } = work;
  const found = await findSnapshot({
    ...ec2Options(work),
    digest,
    format: 'raw',
    account: cloud.account,
    fresh: request.fresh,
    importTasks: false,
  });
  if (found.state === 'complete') {
    notice(`snapshot ${found.snapshot.snapshotId} is complete: it is used`);
    steps.reuse('import');
    return tagged(work, found.snapshot);
  }
  const streamed = await writeStreamed(work);
  const { snapshotId, sizeGiB } = streamed ?? (await writeLocal(work)) ?? (await writeFromFile(work));
  const snapshot = await tagged(work, { snapshotId, sizeGiB });
  // Of a stream they were made of the bytes that had the digest; a file can be read again for the proof.
  const content = streamed?.digests && { sizeBytes: streamed.sizeBytes, digests: streamed.digests };
  return { ...snapshot, content };
}

type Written = WrittenSnapshot & { readonly sizeBytes: number };

async function writeFromFile(work: Work): Promise<Written> {
  const image = await obtainImage(work);
  return readingImage(work, image, async () => {
    await using content = await openContent({ ...contentOptions(work), path: image.path });
    const beforeComplete = () => requireUnchanged({ file: image, signal: work.signal });
    return await writeFrom(work, content, { beforeComplete });
  });
}

/** From the user's own file, read once: it is hashed as its blocks are sent, and without its digest their end never comes. */
function writeLocal(work: Work): Promise<Written | undefined> {
  return readingLocalImage(work, (content) => {
    work.steps.reuse('download');
    return writeFrom(work, content, { beforeComplete: () => work.steps.take('checksum', async () => {}) });
  });
}

/**
 * Without any file: blocks are made and sent while the image is downloaded. Undefined where the image has to be a file,
 * as it is a disk format that is read here and there, or is one already, if only in part.
 */
async function writeStreamed(work: Work): Promise<Written | undefined> {
  const { request, digest, directory, signal, notice, steps, view } = work;
  if (request.keepFiles || (await hasDownload(directory.path, digest))) return undefined;
  await using stream = await streamImage({
    url: request.urls,
    digest,
    checksumUrl: 'url' in request.checksum ? request.checksum.url : undefined,
    signal,
    onNotice: notice,
  });
  if (!stream) return undefined;
  await using content = await streamedContent({
    ...contentOptions(work),
    stream,
    onProgress: (progress) => view.progress(request.name, { ...progress, unit: 'bytes' }),
  });
  if (!content) return undefined;
  const downloaded = Promise.withResolvers<void>();
  const downloading = steps.take(
    'download',
    () => downloaded.promise,
    () => ({ bytes: stream.size }),
  );
  downloading.catch(() => {});
  const proven: Content = {
    ...content,
    async *blocks(options) {
      yield* content.blocks(options);
      downloaded.resolve();
    },
  };
  try {
    return await writeFrom(work, proven, {
      showsProgress: false,
      beforeComplete: async () => {
        await downloading;
        // Hashed as it came: without the digest the stream would not have ended.
        await steps.take(
          'checksum',
          async () => {},
          () => ({ bytes: stream.size }),
        );
      },
    });
  } catch (error) {
    downloaded.reject(error);
    throw error;
  }
}

/** Finished or not: what is there is not fetched again. */
async function hasDownload(directory: string, digest: Digest): Promise<boolean> {
  const names = await readdir(directory);
  return names.some((name) => name.startsWith(shortDigest(digest)) && !name.endsWith('.lock'));
}

/** What was sent is not the image that was asked for. */
const wrongContentCodes: ReadonlySet<string> = new Set([
  'DIGEST_MISMATCH',
  'DISK_SIZE_WRONG',
  'IMAGE_CHANGED',
]);

function remainOf(snapshotId: string, state: SnapshotProgress): string | undefined {
  if (state === 'deleted') return undefined;
  return state === 'completing' ? `snapshot ${snapshotId}` : `pending snapshot ${snapshotId}`;
}

async function tagged(work: Work, snapshot: Snapshot): Promise<Snapshot> {
  work.remains.set('snapshot', `snapshot ${snapshot.snapshotId}`);
  await tagResources({ ...ec2Options(work), ids: [snapshot.snapshotId], tags: snapshotTagsOf(work) });
  return snapshot;
}

function writeFrom(
  work: Work,
  content: Content,
  {
    beforeComplete,
    showsProgress = true,
  }: { readonly beforeComplete?: () => Promise<void>; readonly showsProgress?: boolean } = {},
): Promise<Written> {
  const { request, cloud, directory, digest, steps, view, signal, notice, remains } = work;
  const tags = constantTagsOf(work);
  const description = writtenDescription(digest);
  const sizeGiB = volumeSizeGiB(content.virtualSizeBytes);
  return steps.take(
    'import',
    async () => {
      const ebs = createEbsClient(cloud.connection);
      remains.set('pending', 'possibly a pending snapshot');
      try {
        const written = await writeSnapshot({
          ebs,
          ec2: cloud.ec2,
          blocks: content.blocks,
          sizeBytes: content.virtualSizeBytes,
          tags,
          description,
          clientTokenFor: (attempt) =>
            clientToken({
              account: cloud.account ?? '',
              region: cloud.region,
              bucket: '',
              key: '',
              digest,
              format: 'raw',
              options: {
                ...tags,
                description,
                sizeGiB,
                // A version that left zeros out must not be continued, nor what it completed be taken for this.
                blocks: 'all',
                ...(request.fresh && { fresh: work.startedAt.toISOString() }),
                ...(work.discardedSnapshots && { after: work.discardedSnapshots.join() }),
              },
              attempt,
            }),
          journalPath: join(directory.path, 'blocks.journal'),
          pollIntervalMs: request.pollIntervalMs,
          signal,
          beforeComplete,
          isWrongContent: (error) => isExplained(error) && wrongContentCodes.has(error.code),
          isFinished: async (snapshotId) =>
            isFinished(await describeSnapshot({ ...ec2Options(work), snapshotId })),
          onState: ({ snapshotId, state }) => remains.set('pending', remainOf(snapshotId, state)),
          onNotice: notice,
          onProgress: ({ done }) => {
            if (showsProgress)
              view.progress(request.name, { done, total: content.virtualSizeBytes, unit: 'bytes' });
          },
        });
        remains.set('pending', undefined);
        return { ...written, sizeBytes: content.virtualSizeBytes };
      } finally {
        ebs.destroy();
      }
    },
    ({ blocksSent }) => ({ bytes: blocksSent * blockSizeBytes }),
  );
}
