import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { blockSizeBytes, volumeSizeGiB, type WrittenSnapshot, writeSnapshot } from '@ec2-image/ebs-direct';
import { findSnapshot, type Snapshot, tagResources } from '@ec2-image/ec2-import';
import { streamImage } from '@ec2-image/fetch';
import { clientToken, type Digest, shortDigest } from '@ec2-image/provenance';
import { type Content, openContent, streamedContent } from '../content.ts';
import { createEbsClient } from '../ebs-client.ts';
import { obtainImage } from './image.ts';
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
  const { snapshotId, sizeGiB, digests, sizeBytes } =
    (await writeStreamed(work)) ?? (await writeFromFile(work));
  const snapshot = await tagged(work, { snapshotId, sizeGiB });
  // They are those of the verified image: nobody has to read it once more to prove the snapshot.
  return { ...snapshot, content: { sizeBytes, digests } };
}

type Written = WrittenSnapshot & { readonly sizeBytes: number };

async function writeFromFile(work: Work): Promise<Written> {
  const image = await obtainImage(work);
  await using content = await openContent({ ...contentOptions(work), path: image.path });
  return await writeFrom(work, content);
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
  const sizeGiB = volumeSizeGiB(content.virtualSizeBytes);
  return steps.take(
    'import',
    async () => {
      const ebs = createEbsClient(cloud.connection);
      remains.set('pending', 'perhaps a pending snapshot');
      try {
        const written = await writeSnapshot({
          ebs,
          ec2: cloud.ec2,
          blocks: content.blocks,
          volumeSizeGiB: sizeGiB,
          tags,
          description: work.amiName,
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
                sizeGiB,
                ...(request.fresh && { fresh: work.startedAt.toISOString() }),
                ...(work.discardedSnapshots && { after: work.discardedSnapshots.join() }),
              },
              attempt,
            }),
          journalPath: join(directory.path, 'blocks.journal'),
          pollIntervalMs: request.pollIntervalMs,
          signal,
          beforeComplete,
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
