import { digestBlocks, type ExpectedContent, verifySnapshot } from '@ec2-image/ebs-direct';
import { requireUnchanged } from '@ec2-image/fetch';
import { createEbsClient } from '../aws/ebs-client.ts';
import { absentBlocksNotice, mayLackBlocks } from './absent-blocks.ts';
import { showLink } from './chain.ts';
import { type Content, openContent } from './content.ts';
import { showStage } from './progress.ts';
import { readImage, readLocalImage } from './read-image.ts';
import { contentOptions, ec2Options, type ImageRun } from './run.ts';
import { obtainImage } from './rungs/image.ts';

/** `--verify`: reads the snapshot back, block by block, and compares it with what is in the image. */
export async function verifyImported(
  run: ImageRun,
  snapshotId: string,
  known?: ExpectedContent,
): Promise<void> {
  const { request, cloud, view, signal, notice } = run;
  const expected = known ?? (await contentOfImage(run));
  const ebs = createEbsClient(cloud.connection);
  const verify = () =>
    verifySnapshot({
      ...cloud.calls,
      ebs,
      snapshotId,
      expected,
      allowAbsent: () => mayLackBlocks({ ...ec2Options(run), snapshotId, allowAbsent: request.allowAbsent }),
      signal,
      onNotice: notice,
      onProgress: ({ done }) => view.progress(request.name, { done, unit: 'bytes' }),
    });
  try {
    const shown = { view, image: request.name, stage: 'verify snapshot', signal } as const;
    const { blocks, absentBlocks } = await showStage(shown, verify);
    if (absentBlocks > 0) notice(absentBlocksNotice(snapshotId, absentBlocks));
    notice(`${snapshotId} matches the disk (${blocks} blocks compared)`);
    const shownBy = `all ${blocks} blocks of ${snapshotId} read back and compared with the image`;
    showLink(run, { from: 'snapshot', to: 'image', shownBy });
  } finally {
    ebs.destroy();
  }
}

/** Of the image that has the published digest, whatever was sent: read and hashed for this. */
async function contentOfImage(run: ImageRun): Promise<ExpectedContent> {
  const digestsOf = (content: Content) => {
    run.view.stage(run.request.name, 'verify snapshot');
    const { signal } = run;
    return digestBlocks({
      blocks: content.blocks({ signal }),
      sizeBytes: content.virtualSizeBytes,
      holes: content.holes?.({ signal }),
    });
  };
  const ofLocal = await readLocalImage(run, { obtainImage, use: digestsOf });
  if (ofLocal) return ofLocal;
  const image = await obtainImage(run);
  return readImage(run, image, async () => {
    await using content = await openContent({ ...contentOptions(run), path: image.path });
    const expected = await digestsOf(content);
    await requireUnchanged({ file: image, signal: run.signal });
    return expected;
  });
}
