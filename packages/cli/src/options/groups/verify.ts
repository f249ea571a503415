import { path } from '../kinds/locations.ts';
import { option } from '../option.ts';

/** What a snapshot is compared with, besides an image to download. */
export const verifyOptions = {
  file: option({
    kind: path(),
    help: 'Disk image, in any format that import accepts',
    group: 'disk',
    commands: ['verify'],
    in: 'flag',
  }),
  digests: option({
    kind: path(),
    help: "Digests of the disk's blocks, from --save-digests",
    group: 'disk',
    commands: ['verify'],
    in: 'flag',
  }),
  'save-digests': option({
    kind: path({ isWritten: true }),
    help: "Write the digests of the disk's blocks to this file",
    group: 'disk',
    commands: ['verify'],
    in: 'flag',
  }),
};
