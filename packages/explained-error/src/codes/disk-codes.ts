import type { CodeTable } from './code-entry.ts';

/** Reading and converting an image, and the disk that is made of it: nothing of this tells that the image is wrong. */
export const diskCodes = {
  BAD_DIGESTS_FILE: {
    means: 'The file of block digests is not one that `verify --save-digests` writes.',
    remedy: 'Make it again with `ec2-image verify --save-digests`.',
  },
  COMPARISON_FAILED: {
    means: 'The converted disk could not be compared with the image.',
    remedy: 'Run the same command again: a disk is not used before the comparison succeeds.',
  },
  DECOMPRESSION_MEMORY: {
    means: 'Decompressing the image needs more memory than the limit.',
    remedy: 'If you trust the image, raise the limit (--decompression-memory).',
  },
  DISK_CHANGED: {
    means: 'The file of the disk changed while it was read.',
    remedy: 'Make sure nothing else writes to it, then run the same command again.',
  },
  DISK_DIFFERS: {
    means: 'The converted disk, or what was sent of it, does not equal the image. It is not used.',
    remedy: 'Run the same command again. If it recurs, check the memory and the disk of this machine.',
  },
  DISK_UNREADABLE: {
    means:
      'The file of the disk was deleted during the upload, or cannot be opened. The message names the directory.',
    remedy: 'Make sure nothing else deletes files in the work directory, then run the same command again.',
  },
  EMPTY_DISK: {
    means: 'The file of the disk is empty.',
    remedy: 'Run the same command again.',
  },
  IMAGE_NOT_READABLE: {
    means: 'The image file cannot be read.',
    remedy: 'Check the path, its permissions, and the device that it lies on.',
  },
} as const satisfies CodeTable;
