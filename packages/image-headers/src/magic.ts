import type { ByteSource } from './byte-source.ts';

/** A disk image format that can be read. */
export type ImageFormat = 'raw' | 'qcow2' | 'vmdk' | 'vhd' | 'vhdx';

/** A compression that can be undone. */
export type Compression = 'bzip2' | 'gzip' | 'xz' | 'zstd';

/** A format of archives that a disk image is published in. */
export type ArchiveFormat = 'tar' | 'zip';

/** What a file's first bytes (for VHD also its last) say it is. `unknown` is how a raw disk looks. */
export type Magic =
  | { readonly kind: 'disk'; readonly format: Exclude<ImageFormat, 'raw'> }
  | { readonly kind: 'compressed'; readonly compression: Compression }
  | { readonly kind: 'archive'; readonly archive: ArchiveFormat }
  | { readonly kind: 'text'; readonly text: 'html' | 'xml' | 'vmdk-descriptor' | 'other' }
  | { readonly kind: 'encrypted'; readonly name: string }
  | { readonly kind: 'foreign'; readonly name: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown' };

interface Signature {
  readonly at: number;
  readonly bytes: Buffer;
  readonly magic: Magic;
}

const signature = (bytes: string, magic: Magic, at = 0): Signature => ({
  at,
  bytes: Buffer.from(bytes, 'latin1'),
  magic,
});
const foreign = (bytes: string, name: string, at = 0) => signature(bytes, { kind: 'foreign', name }, at);

const signatures: readonly Signature[] = [
  signature('QFI\xfb', { kind: 'disk', format: 'qcow2' }),
  signature('KDMV', { kind: 'disk', format: 'vmdk' }),
  signature('conectix', { kind: 'disk', format: 'vhd' }),
  signature('vhdxfile', { kind: 'disk', format: 'vhdx' }),
  signature('\x1f\x8b', { kind: 'compressed', compression: 'gzip' }),
  signature('\xfd7zXZ\0', { kind: 'compressed', compression: 'xz' }),
  signature('\x28\xb5\x2f\xfd', { kind: 'compressed', compression: 'zstd' }),
  // Behind `BZh` and the block size stands π, or in a file of nothing the square root of it.
  signature('1AY&SY', { kind: 'compressed', compression: 'bzip2' }, 4),
  signature('\x17rE8P\x90', { kind: 'compressed', compression: 'bzip2' }, 4),
  signature('LUKS\xba\xbe', { kind: 'encrypted', name: 'LUKS container' }),
  foreign('COWD', 'VMware ESX sparse extent (COWD)'),
  foreign('\xbe\xba\xfe\xca\0\0\0\0', 'VMware seSparse extent'),
  foreign('QED\0', 'QED image'),
  foreign('\x7f\x10\xda\xbe', 'VirtualBox VDI image', 64),
  foreign('WithoutFreeSpace', 'Parallels image'),
  foreign('WithouFreSpacExt', 'Parallels image'),
  foreign('OOOM', 'User-mode Linux COW image'),
  foreign('MSWIM\0\0\0', 'Windows WIM archive'),
  foreign('Bochs Virtual HD Image', 'Bochs image'),
  foreign('\x5d\0\0', 'lzma file'),
  foreign('\x04\x22\x4d\x18', 'lz4 file'),
  foreign('7z\xbc\xaf\x27\x1c', '7-Zip archive'),
  signature('PK\x03\x04', { kind: 'archive', archive: 'zip' }),
  foreign('Rar!\x1a\x07', 'RAR archive'),
  // An OVA is one too.
  signature('ustar', { kind: 'archive', archive: 'tar' }, 257),
  foreign('hsqs', 'squashfs file system'),
  foreign('\x7fELF', 'ELF program'),
  foreign('\xed\xab\xee\xdb', 'RPM package'),
  foreign('!<arch>\n', 'ar archive (a Debian package is one)'),
];

const headLength = 4096;
const vhdFooterLength = 512;
const iso9660 = { at: 0x8001, bytes: Buffer.from('CD001') };

/** Reads at most three short stretches: the head, an ISO's volume descriptor, and the footer of a fixed VHD. */
export async function detectMagic(source: ByteSource): Promise<Magic> {
  if (source.size === 0) return { kind: 'empty' };
  const head = await source.read(0, headLength);
  const known = magicOfHead(head);
  if (known) return known;

  const footer = await source.read(Math.max(0, source.size - vhdFooterLength), vhdFooterLength);
  if (footer.subarray(0, 8).toString('latin1') === 'conectix') return { kind: 'disk', format: 'vhd' };

  const volumeId = await source.read(iso9660.at, iso9660.bytes.length);
  if (volumeId.equals(iso9660.bytes)) return { kind: 'foreign', name: 'ISO 9660 image (a CD or DVD)' };
  return { kind: 'unknown' };
}

/** The same by the head alone, as of a stream, of which 4096 bytes count: of VHD only the dynamic kind shows. */
export function magicOfHead(start: Buffer): Magic | undefined {
  const head = start.subarray(0, headLength);
  for (const { at, bytes, magic } of signatures) {
    if (head.subarray(at, at + bytes.length).equals(bytes)) return magic;
  }
  // A zstd stream may begin with skippable frames, 0x184D2A50 to 0x184D2A5F (RFC 8878, 3.1.2).
  if (head.length >= 4 && (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) {
    return { kind: 'compressed', compression: 'zstd' };
  }
  return magicOfText(head);
}

function magicOfText(head: Buffer): Magic | undefined {
  const text = head.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  if (/^\s*(?:<!--[\s\S]*?-->\s*)?<(?:!doctype\s+html|html|head|body|title|script)\b/i.test(text)) {
    return { kind: 'text', text: 'html' };
  }
  if (/^\s*# Disk DescriptorFile\b/i.test(text) || /^(?:[ \t\r]*(?:#[^\n]*)?\n)*version=\d/.test(text)) {
    return { kind: 'text', text: 'vmdk-descriptor' };
  }
  if (/^\s*<\?xml\b/i.test(text))
    return { kind: 'text', text: /<html\b|<!doctype\s+html/i.test(text) ? 'html' : 'xml' };
  // Nothing but printable bytes: a boot sector or a file system cannot look like this.
  return /^[\t\n\r\x20-\x7e\x80-\xff]+$/.test(text) ? { kind: 'text', text: 'other' } : undefined;
}
