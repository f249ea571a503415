/** Bytes of every volume made here: so many clusters of a sector each are FAT12. */
export const fatVolumeBytes = 2 ** 20;

const sectorBytes = 512;
const fatSectors = 6;
const rootEntries = 512;
const rootSector = 1 + 2 * fatSectors;
const dataSector = rootSector + (rootEntries * 32) / sectorBytes;

type Tree = { readonly [name: string]: Buffer | Tree };

/**
 * A FAT12 volume of 1 MiB with these files, by paths of names of 8.3 such as `EFI/BOOT/BOOTX64.EFI`. No tool is needed, and
 * the same files always give the same bytes.
 */
export function fatVolume(files: Readonly<Record<string, Buffer>>): Buffer {
  const volume = Buffer.alloc(fatVolumeBytes);
  writeBootSector(volume);
  const fat: number[] = [0xff8, 0xfff];
  const place = (content: Buffer): number => {
    const first = fat.length;
    const clusters = Math.max(1, Math.ceil(content.length / sectorBytes));
    for (let n = 1; n <= clusters; n += 1) fat.push(n === clusters ? 0xfff : first + n);
    const at = (dataSector + first - 2) * sectorBytes;
    if (at + content.length > volume.length) throw new RangeError('the files do not fit into the volume');
    content.copy(volume, at);
    return first;
  };
  const write = (tree: Tree): Buffer =>
    Buffer.concat(
      Object.entries(tree).map(([name, content]) => {
        const isFile = Buffer.isBuffer(content);
        const bytes = isFile ? content : write(content);
        return entry({ name, cluster: place(bytes), sizeBytes: isFile ? bytes.length : undefined });
      }),
    );
  write(treeOf(files)).copy(volume, rootSector * sectorBytes);
  for (let copy = 0; copy < 2; copy += 1) writeFat(volume, (1 + copy * fatSectors) * sectorBytes, fat);
  return volume;
}

function treeOf(files: Readonly<Record<string, Buffer>>): Tree {
  const root: Record<string, Buffer | Tree> = {};
  for (const [path, content] of Object.entries(files)) {
    const names = path.split('/');
    let tree = root;
    for (const name of names.slice(0, -1)) {
      tree[name] ??= {};
      tree = tree[name] as Record<string, Buffer | Tree>;
    }
    tree[names.at(-1)!] = content;
  }
  return root;
}

function writeBootSector(volume: Buffer): void {
  Buffer.from([0xeb, 0xfe, 0x90]).copy(volume);
  volume.write('EC2IMAGE', 3, 'latin1');
  volume.writeUInt16LE(sectorBytes, 11);
  volume[13] = 1; // sectors a cluster
  volume.writeUInt16LE(1, 14); // reserved sectors
  volume[16] = 2; // FATs
  volume.writeUInt16LE(rootEntries, 17);
  volume.writeUInt16LE(fatVolumeBytes / sectorBytes, 19);
  volume[21] = 0xf8;
  volume.writeUInt16LE(fatSectors, 22);
  volume[38] = 0x29;
  volume.write('NO NAME    FAT12   ', 43, 'latin1');
  volume.writeUInt16BE(0x55aa, 510);
}

function writeFat(volume: Buffer, at: number, fat: readonly number[]): void {
  for (const [n, value] of fat.entries()) {
    const byte = at + Math.floor((n * 3) / 2);
    const old = volume.readUInt16LE(byte);
    volume.writeUInt16LE(n % 2 === 0 ? (old & 0xf000) | value : (old & 0x000f) | (value << 4), byte);
  }
}

function entry({
  name,
  cluster,
  sizeBytes,
}: {
  readonly name: string;
  readonly cluster: number;
  /** Undefined of a directory. */
  readonly sizeBytes?: number;
}): Buffer {
  const [base = '', extension = ''] = name.split('.');
  const bytes = Buffer.alloc(32);
  bytes.write(base.padEnd(8) + extension.padEnd(3), 0, 'latin1');
  bytes[11] = sizeBytes === undefined ? 0x10 : 0x20;
  bytes.writeUInt16LE(cluster, 26);
  bytes.writeUInt32LE(sizeBytes ?? 0, 28);
  return bytes;
}
