import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { convertImage, decompress, type ImageFacts, inspectImage } from '@ec2-image/convert';
import {
  type Block,
  diskBlocks,
  openDisk,
  streamBlocks,
  volumeSizeGiB,
  type WrittenSnapshot,
  writeSnapshot,
} from '@ec2-image/ebs-direct';
import { findSnapshot, type Snapshot, tagResources } from '@ec2-image/ec2-import';
import { clientToken } from '@ec2-image/provenance';
import { createEbsClient } from '../ebs-client.ts';
import { obtainImage } from './image.ts';
import { constantTagsOf, snapshotTagsOf } from './tags.ts';
import { ec2Options, type Work } from './work.ts';

/** The snapshot by way of EBS direct: complete and used, or written block by block from the image. */
export async function obtainWrittenSnapshot(work: Work): Promise<Snapshot> {
  const { request, cloud, digest, notice, steps } = work;
  const found = await findSnapshot({
    ...ec2Options(work),
    digest,
    format: 'raw',
    account: cloud.account,
    fresh: request.fresh,
  });
  if (found.state === 'complete') {
    notice(`snapshot ${found.snapshot.snapshotId} is complete: it is used`);
    steps.reuse('import');
    return tagged(work, found.snapshot);
  }
  const image = await obtainImage(work);
  await using content = await openContent(work, image.path);
  const written = await writeFrom(work, content);
  return tagged(work, { snapshotId: written.snapshotId, sizeGiB: written.sizeGiB });
}

async function tagged(work: Work, snapshot: Snapshot): Promise<Snapshot> {
  await tagResources({ ...ec2Options(work), ids: [snapshot.snapshotId], tags: snapshotTagsOf(work) });
  return snapshot;
}

function writeFrom(work: Work, content: Content): Promise<WrittenSnapshot> {
  const { request, cloud, directory, digest, steps, view, signal, notice } = work;
  const tags = constantTagsOf(work);
  const sizeGiB = volumeSizeGiB(content.virtualSizeBytes);
  return steps.take(
    'import',
    async () => {
      const ebs = createEbsClient(cloud.connection);
      try {
        return await writeSnapshot({
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
              options: { ...tags, sizeGiB, ...(request.fresh && { fresh: work.startedAt.toISOString() }) },
              attempt,
            }),
          journalPath: join(directory.path, 'blocks.journal'),
          signal,
          onNotice: notice,
          onProgress: ({ done }) =>
            view.progress(request.name, { done, total: content.virtualSizeBytes, unit: 'bytes' }),
        });
      } finally {
        ebs.destroy();
      }
    },
    ({ blocksSent }) => ({ bytes: blocksSent * 512 * 1024 }),
  );
}

/** What is in the image, as blocks: the source may be asked for them again. */
interface Content extends AsyncDisposable {
  readonly virtualSizeBytes: number;
  blocks(options: { readonly signal: AbortSignal }): AsyncIterable<Block>;
}

/** No copy of the disk is made on the way, unless nobody can say beforehand how large it is. */
async function openContent(work: Work, path: string): Promise<Content> {
  const { request, signal, notice, directory } = work;
  const options = {
    maxDiskSize: request.maxDiskSizeBytes,
    allowUnbootable: request.allowUnbootable,
    signal,
    onNotice: notice,
  };
  const facts = await inspectImage({ ...options, path });
  if (facts.compression === undefined) return openedDisk(facts, signal);
  if (facts.format === 'raw' && facts.virtualSize !== undefined)
    return streamedDisk({ ...facts, virtualSize: facts.virtualSize });
  const disk = await work.steps.take('convert', () =>
    convertImage({
      ...options,
      image: { path },
      format: 'raw',
      output: directory.diskPath('raw'),
      reuse: true,
    }),
  );
  return openedDisk({ ...disk, format: 'raw' }, signal);
}

async function openedDisk(
  {
    path,
    format,
    virtualSize,
  }: { readonly path: string; readonly format: ImageFacts['format']; readonly virtualSize: number },
  signal: AbortSignal,
): Promise<Content> {
  const disk = await openDisk({ path, format, signal });
  return {
    virtualSizeBytes: virtualSize,
    blocks: ({ signal }) => diskBlocks({ disk, signal }),
    [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose](),
  };
}

function streamedDisk({
  path,
  compression,
  virtualSize,
}: {
  readonly path: string;
  readonly compression: 'xz' | 'gzip' | 'zstd';
  readonly virtualSize: number;
}): Content {
  return {
    virtualSizeBytes: virtualSize,
    blocks: ({ signal }) =>
      streamBlocks(
        decompress({ compression, source: createReadStream(path, { highWaterMark: 1024 * 1024 }), signal }),
      ),
    [Symbol.asyncDispose]: async () => {},
  };
}
