import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';

/** A qcow2 of a few hundred KiB whose one L2 table stands for every part of the disk, and names the same cluster each time. */
export async function makeRepeatedTable(
  path: string,
  { size, extendedL2 }: { readonly size: string; readonly extendedL2: boolean },
): Promise<void> {
  const options = `extended_l2=${extendedL2 ? 'on' : 'off'}`;
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, path, size]);
  await execa('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 0 64k', path]);
  const bytes = await readFile(path);
  const l1 = Number(bytes.readBigUInt64BE(40));
  const l2 = bytes.readUIntBE(l1 + 2, 6);
  bytes.fill(Buffer.from(bytes.subarray(l1, l1 + 8)), l1, l1 + bytes.readUInt32BE(36) * 8);
  const entry = Buffer.from(bytes.subarray(l2, l2 + (extendedL2 ? 16 : 8)));
  // Every other subcluster.
  if (extendedL2) entry.writeBigUInt64BE(0x55555555n, 8);
  bytes.fill(entry, l2, l2 + 65_536);
  await writeFile(path, bytes);
}
