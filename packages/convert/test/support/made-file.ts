import type { MadeDisk, PlannedFile } from '@ec2-image/convert';

/** The file of a disk in any format but VMDK. */
export function plannedFile(disk: MadeDisk | undefined): PlannedFile {
  if (!disk || !('size' in disk.file)) throw new Error('the size of its file is not known');
  return disk.file;
}

export async function wholeFile(disk: MadeDisk | undefined): Promise<Buffer> {
  const { size, make } = plannedFile(disk);
  return (await make({ start: 0, end: size }, { buffer: new SharedArrayBuffer(size) })).bytes;
}
