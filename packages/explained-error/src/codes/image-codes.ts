import type { CodeTable } from './code-entry.ts';

/** Verdicts on an image: it cannot be taken as it is, whoever tries, and what was sent of it is good for nothing. */
export const imageCodes = {
  BACKING_FILE: {
    means: 'The qcow2 image holds only the changes to another file.',
    remedy: 'Flatten it where its backing file is (`qemu-img convert -O qcow2`), and import the result.',
  },
  BOOT_LOADER_MISMATCH: {
    means: "The image's UEFI boot loader is for another architecture than arch.",
    remedy: 'Correct arch, or use the image for that architecture; --allow-unbootable imports it anyway.',
  },
  COMPRESSED_IMAGE: {
    means: 'The file uses an unsupported compression.',
    remedy: 'Decompress it first.',
  },
  CONVERSION_FAILED: {
    means: 'qemu-img could not read or convert the image.',
    remedy: 'Check the image with `qemu-img check`, or download it again.',
  },
  CORRUPT_ARCHIVE: {
    means: 'The archive is damaged, or a file in it does not have the checksum that the archive gives.',
    remedy: 'Download the image again and compare its checksum with the published one.',
  },
  CORRUPT_COMPRESSION: {
    means: 'The compressed data is damaged.',
    remedy: 'Download the image again and compare its checksum with the published one.',
  },
  CORRUPT_IMAGE: {
    means: 'The header of the image contradicts itself or the file.',
    remedy: 'The image is corrupt or malicious; download it from another source.',
  },
  DAMAGED_CLUSTER: {
    means: 'A compressed cluster of the qcow2 image cannot be decompressed.',
    remedy: 'Download the image again and compare its checksum with the published one.',
  },
  DATA_UNREADABLE: {
    means: 'QEMU opened the image, and cannot read its data at some offset of the disk.',
    remedy:
      'Check the image with `qemu-img check`; download it again and compare its checksum with the published one.',
  },
  DIFFERENCING_DISK: {
    means: 'The disk holds only the changes to a parent disk.',
    remedy: 'Merge it into its parent, or export the whole disk.',
  },
  DIRTY_IMAGE: {
    means: 'The image was not closed: its log holds changes that are not in the disk.',
    remedy: 'Let the program that made it close it, or repair a copy with `qemu-img check -r all`.',
  },
  DISK_SIZE_WRONG: {
    means: 'The image header declares another size than its content has.',
    remedy: 'The image is corrupt or malicious; download it from another source.',
  },
  DISK_TOO_LARGE: {
    means: 'The disk is larger than the limit, the format, or EC2 allows.',
    remedy: 'Raise --max-disk-size if you trust the image, or use --format vhdx or raw.',
  },
  ENCRYPTED_IMAGE: {
    means: 'The image is encrypted.',
    remedy: 'Decrypt it first. EBS encrypts the snapshot itself.',
  },
  EXTERNAL_DATA_FILE: {
    means: 'The qcow2 image keeps its data in another file.',
    remedy: 'Convert it to a self-contained qcow2 where its data file is (`qemu-img convert -O qcow2`).',
  },
  GPT_DAMAGED: {
    means: 'The GPT at the beginning of the disk is damaged, and its backup at the end is whole.',
    remedy:
      'Restore it in a raw copy of the disk: `echo write | sfdisk COPY`. --allow-unbootable imports the disk as it is.',
  },
  HTML_PAGE: {
    means: 'The file is a web page, not a disk image.',
    remedy: 'Open the URL in a browser, and use the direct download URL.',
  },
  IMAGE_CHANGED: {
    means: 'The local image changed while it was read. Nothing was made from it.',
    remedy: 'Make sure nothing else writes to it, then run the same command again.',
  },
  NESTED_COMPRESSION: {
    means: 'The compressed file holds another compressed file.',
    remedy: 'Decompress it once yourself.',
  },
  NOT_BOOTABLE: {
    means: 'The disk has neither a partition table nor a boot record.',
    remedy: 'Use a disk image, not a partition or a file system; --allow-unbootable imports it anyway.',
  },
  NO_BOOT_LOADER: {
    means:
      'The disk is for arm64 and has no UEFI boot loader at \\EFI\\BOOT\\BOOTAA64.EFI, so it cannot start.',
    remedy: 'Use an image with such a boot loader; --allow-unbootable imports it anyway.',
  },
  NO_DISK_INSIDE: {
    means: 'The compressed file holds no disk image.',
    remedy: 'Unpack it yourself, and import the disk image that it holds.',
  },
  PARTITION_BEYOND_DISK: {
    means: 'A partition, or the GPT itself, reaches beyond the end of the disk: the image has lost its end.',
    remedy: 'Download the image again, or export the whole disk; --allow-unbootable imports it anyway.',
  },
  SEVERAL_DISKS: {
    means: 'The archive contains more than one disk image.',
    remedy: 'Unpack it by hand and import the disk that boots.',
  },
  TEXT_FILE: {
    means: 'The file is text, not a disk image.',
    remedy: 'Check the URL: it may lead to an error, a checksum file or a signature.',
  },
  TRUNCATED_COMPRESSION: {
    means: 'The compressed data ends before it is complete.',
    remedy: 'Download the image again and compare its checksum with the published one.',
  },
  TRUNCATED_IMAGE: {
    means: 'The image ends before its own header says that it does.',
    remedy: 'Download the image again and compare its checksum with the published one.',
  },
  UNKNOWN_FORMAT: {
    means: 'The file is of no known format.',
    remedy: 'Check the URL.',
  },
  UNSAFE_ARCHIVE: {
    means: 'The archive holds a link, a device, an encrypted file, or a name that leads out of it.',
    remedy: 'Use an archive that holds nothing but one disk image and files that describe it.',
  },
  UNSUPPORTED_FORMAT: {
    means: 'The file is of a known format that is not a disk image, or not one that is read here.',
    remedy: 'Use a qcow2, raw, VMDK, VHD or VHDX image; raw may be compressed with gzip, xz or zstd.',
  },
  UNSUPPORTED_IMAGE: {
    means: 'The image uses a feature of its format that is not supported.',
    remedy: 'Convert it to a plain qcow2 with the tool that made it, and import that.',
  },
  VMDK_NOT_SELF_CONTAINED: {
    means: 'The VMDK needs other files.',
    remedy: 'Use a monolithicSparse or streamOptimized VMDK, which holds the disk itself.',
  },
} as const satisfies CodeTable;
