import { digestBlocks, type ExpectedContent, verifySnapshot } from '@ec2-image/ebs-direct';
import { openContent } from '../content.ts';
import { createEbsClient } from '../ebs-client.ts';
import { obtainImage } from './image.ts';
import { contentOptions, type Work } from './work.ts';

/** `--verify`: reads the snapshot back, block by block, and compares it with what is in the image. */
export async function proveSnapshot(work: Work, snapshotId: string, known?: ExpectedContent): Promise<void> {
  const { request, cloud, view, signal, notice } = work;
  const expected = known ?? (await contentOfImage(work));
  view.stage(request.name, 'verify snapshot');
  const ebs = createEbsClient(cloud.connection);
  try {
    const { blocks } = await verifySnapshot({
      ebs,
      snapshotId,
      expected,
      signal,
      onProgress: ({ done }) => view.progress(request.name, { done, unit: 'bytes' }),
    });
    notice(`${snapshotId} holds the disk: all ${blocks} blocks read and compared`);
  } finally {
    ebs.destroy();
  }
}

async function contentOfImage(work: Work): Promise<ExpectedContent> {
  const image = await obtainImage(work);
  await using content = await openContent({ ...contentOptions(work), path: image.path });
  work.view.stage(work.request.name, 'verify snapshot');
  const blocks = content.blocks({ signal: work.signal });
  return await digestBlocks({ blocks, sizeBytes: content.virtualSizeBytes });
}
