import { join } from 'node:path';
import { blockSizeBytes, volumeSizeGiB, type WrittenSnapshot, writeSnapshot } from '@ec2-image/ebs-direct';
import { findSnapshot, type Snapshot, tagResources } from '@ec2-image/ec2-import';
import { clientToken } from '@ec2-image/provenance';
import { type Content, openContent } from '../content.ts';
import { createEbsClient } from '../ebs-client.ts';
import { obtainImage } from './image.ts';
import { constantTagsOf, snapshotTagsOf } from './tags.ts';
import { contentOptions, ec2Options, type Work } from './work.ts';

/** The snapshot by way of EBS direct: complete and used, or written block by block from the image. */
export async function obtainWrittenSnapshot(work: Work): Promise<Snapshot> {
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
  const image = await obtainImage(work);
  await using content = await openContent({ ...contentOptions(work), path: image.path });
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
    ({ blocksSent }) => ({ bytes: blocksSent * blockSizeBytes }),
  );
}
