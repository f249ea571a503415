import { crc32c } from '@ec2-image/checksum';

/** The same VHD, its footer, the footer's copy and the dynamic header with the checksums of what they hold. */
export function sealedVhd(image: Buffer): Buffer {
  const footer = image.subarray(-512);
  const isDynamic = image.toString('latin1', 0, 8) === 'conectix';
  for (const [structure, at] of isDynamic
    ? ([
        [footer, 64],
        [image.subarray(0, 512), 64],
        [image.subarray(512, 1536), 36],
      ] as const)
    : ([[footer, 64]] as const)) {
    structure.writeUInt32BE(0, at);
    structure.writeUInt32BE(~structure.reduce((sum, byte) => sum + byte, 0) >>> 0, at);
  }
  return image;
}

/** The same VHDX, its headers and region tables with the checksums of what they hold. */
export function sealedVhdx(image: Buffer): Buffer {
  for (const [kib, length] of [
    [64, 4],
    [128, 4],
    [192, 64],
    [256, 64],
  ] as const) {
    const structure = image.subarray(kib * 1024, (kib + length) * 1024);
    structure.writeUInt32LE(0, 4);
    structure.writeUInt32LE(crc32c(structure), 4);
  }
  return image;
}
