import { test } from 'vitest';
import type { GatedImage } from '../support/gated-images.ts';
import { publishImages } from '../support/images.ts';
import { checkFaults, faultMatrixLimitMs } from './fault-matrix.ts';
import { openImportScene } from './import-scene.ts';

/** As a VMDK its first part of two is made before the last MiB have come: the smallest image of which anything is. */
const gated: GatedImage = {
  format: 'qcow2',
  disk: { sizeBytes: 40 * 2 ** 20, dataBytes: 24 * 2 ** 20 },
  gateBeforeEnd: 2 * 2 ** 20,
};

const operations = new Set(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload']);

test.for([false, true])(
  'every call that sends an image while it arrives, with each fault, lasting: %s',
  { timeout: faultMatrixLimitMs },
  async (lasting) => {
    await using images = await publishImages([gated.format], gated.disk);
    const openScene = () => openImportScene(images, { way: 's3', gated });
    await checkFaults({ way: 'arriving', lasting, size: 2, operations }, openScene);
  },
);
