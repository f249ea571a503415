import { diskDiffers } from './errors.ts';
import { sectorSize } from './layout/present.ts';

/**
 * Sizes in bytes. A raw file may end within a sector, which is filled up.
 *
 * @throws ConvertError `DISK_DIFFERS`
 */
export function requireSameSize({
  sourceSize,
  diskSize,
}: {
  readonly sourceSize: number;
  readonly diskSize: number;
}): void {
  if (Math.ceil(sourceSize / sectorSize) * sectorSize !== diskSize)
    throw diskDiffers(`it has ${diskSize} bytes, the source ${sourceSize}`, { diskSize, sourceSize });
}
