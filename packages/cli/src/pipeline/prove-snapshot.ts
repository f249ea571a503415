import { digestBlocks, type ExpectedContent, verifySnapshot } from '@ec2-image/ebs-direct';
import { requireUnchanged } from '@ec2-image/fetch';
import { type Content, openContent } from '../content.ts';
import { createEbsClient } from '../ebs-client.ts';
import { absentBlocksNotice, mayLackBlocks } from '../verify/may-lack-blocks.ts';
import { obtainImage, readingImage, readingLocalImage } from './image.ts';
import { contentOptions, ec2Options, type Work } from './work.ts';

/** `--verify`: reads the snapshot back, block by block, and compares it with what is in the image. */
export async function proveSnapshot(work: Work, snapshotId: string, known?: ExpectedContent): Promise<void> {
  const { request, cloud, view, signal, notice } = work;
  const expected = known ?? (await contentOfImage(work));
  view.stage(request.name, 'verify snapshot');
  const ebs = createEbsClient(cloud.connection);
  try {
    const { blocks, absentBlocks } = await verifySnapshot({
      ebs,
      snapshotId,
      expected,
      allowAbsent: () => mayLackBlocks({ ...ec2Options(work), snapshotId, allowAbsent: request.allowAbsent }),
      signal,
      onProgress: ({ done }) => view.progress(request.name, { done, unit: 'bytes' }),
    });
    if (absentBlocks > 0) notice(absentBlocksNotice(snapshotId, absentBlocks));
    notice(`${snapshotId} holds the disk: all ${blocks} blocks read and compared`);
  } finally {
    ebs.destroy();
  }
}

/** Of the image that has the published digest, whatever was sent: read and hashed for this. */
async function contentOfImage(work: Work): Promise<ExpectedContent> {
  const digestsOf = (content: Content) => {
    work.view.stage(work.request.name, 'verify snapshot');
    const blocks = content.blocks({ signal: work.signal });
    return digestBlocks({ blocks, sizeBytes: content.virtualSizeBytes });
  };
  const ofLocal = await readingLocalImage(work, digestsOf);
  if (ofLocal) return ofLocal;
  const image = await obtainImage(work);
  return readingImage(work, image, async () => {
    await using content = await openContent({ ...contentOptions(work), path: image.path });
    const expected = await digestsOf(content);
    await requireUnchanged({ file: image, signal: work.signal });
    return expected;
  });
}
