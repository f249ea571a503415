import { createHash } from 'node:crypto';
import { type ArchiveFormat, magicOfHead } from '@ec2-image/image-headers';
import { ConvertError } from '../errors.ts';
import { corruptArchive, shownName } from './errors.ts';
import type { ArchiveEntry } from './tar-entries.ts';

/** The one disk image in an archive. */
export interface ArchivedDisk {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /**
   * All of it, once. The end is only reached when the archive has no other disk and, where it is an OVA with a
   * manifest, in front of the disk or behind it, the disk has the digest that stands there.
   *
   * @throws ConvertError `CORRUPT_ARCHIVE`, `SEVERAL_DISKS`, `UNSAFE_ARCHIVE`
   */
  bytes(): AsyncGenerator<Buffer>;
}

/**
 * Finds the disk image in an archive: the file that begins as one, or, of those that may be raw disks, has a boot
 * sector or a disk's name.
 *
 * @throws ConvertError `CORRUPT_ARCHIVE`, `NO_DISK_INSIDE`, `UNSAFE_ARCHIVE`
 */
export async function findDisk(
  archive: ArchiveFormat,
  entries: AsyncGenerator<ArchiveEntry>,
): Promise<ArchivedDisk> {
  try {
    return await nextDisk(archive, entries);
  } catch (error) {
    await entries.return(undefined);
    throw error;
  }
}

async function nextDisk(
  archive: ArchiveFormat,
  entries: AsyncGenerator<ArchiveEntry>,
): Promise<ArchivedDisk> {
  const others: string[] = [];
  const manifests: string[] = [];
  for (;;) {
    const { value: entry, done } = await entries.next();
    if (done) throw noDisk(archive, others);
    const opened = await openEntry(entry);
    if (opened.isDisk) {
      return {
        name: entry.name,
        size: entry.size,
        bytes: () =>
          diskBytes(archive, {
            entry,
            opened,
            entries,
            manifests,
            isOva: manifests.length > 0 || others.some(isDescriptor),
          }),
      };
    }
    if (isManifest(entry)) manifests.push(await readText(opened));
    others.push(entry.name);
  }
}

async function* diskBytes(
  archive: ArchiveFormat,
  {
    entry,
    opened,
    entries,
    manifests,
    isOva,
  }: {
    readonly entry: ArchiveEntry;
    readonly opened: OpenedEntry;
    readonly entries: AsyncGenerator<ArchiveEntry>;
    /** Those in front of the disk. */
    readonly manifests: readonly string[];
    readonly isOva: boolean;
  },
): AsyncGenerator<Buffer> {
  try {
    const hashes = { SHA1: createHash('sha1'), SHA256: createHash('sha256'), SHA512: createHash('sha512') };
    for await (const chunk of opened.bytes()) {
      if (isOva) for (const hash of Object.values(hashes)) hash.update(chunk);
      yield chunk;
    }
    const all = [...manifests];
    for await (const other of entries) {
      const second = await openEntry(other);
      if (second.isDisk) throw severalDisks(archive, [entry.name, other.name]);
      if (isOva && isManifest(other)) all.push(await readText(second));
    }
    if (!isOva) return;
    const digests = Object.fromEntries(
      Object.entries(hashes).map(([name, hash]) => [name, hash.digest('hex')]),
    );
    for (const manifest of all) checkManifest(manifest, { name: entry.name, digests });
  } finally {
    await entries.return(undefined);
  }
}

interface OpenedEntry {
  readonly isDisk: boolean;
  bytes(): AsyncGenerator<Buffer>;
}

/** What the signatures of disk formats need. */
const headBytes = 4096;
const diskNames = /\.(?:raw|img|disk|dd|bin|vhd)$/i;

async function openEntry(entry: ArchiveEntry): Promise<OpenedEntry> {
  const chunks = entry.bytes();
  const head: Buffer[] = [];
  let length = 0;
  while (length < headBytes) {
    const { value, done } = await chunks.next();
    if (done) break;
    head.push(value);
    length += value.length;
  }
  return {
    isDisk: isDisk(entry, Buffer.concat(head)),
    async *bytes() {
      yield* head;
      yield* chunks;
    },
  };
}

function isDisk({ name, size }: ArchiveEntry, head: Buffer): boolean {
  const magic = magicOfHead(head);
  if (magic) return magic.kind === 'disk';
  if (size < 512 || isKernel(head) || isAppleDouble(head)) return false;
  return (head.length >= 512 && head.readUInt16BE(510) === 0x55aa) || diskNames.test(name);
}

/** Linux's boot protocol: a kernel has a boot sector's signature too, and `HdrS` behind it. */
function isKernel(head: Buffer): boolean {
  return head.toString('latin1', 0x202, 0x206) === 'HdrS';
}

/** RFC 1740: what macOS packs beside `disk.raw` as `._disk.raw`. */
function isAppleDouble(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32BE(0) === 0x00051607;
}

/** OVF 1.1, 6: it is the first file of an OVA; the manifest follows it, or ends the archive. */
function isDescriptor(name: string): boolean {
  return /\.ovf$/i.test(name);
}

function isManifest({ name }: ArchiveEntry): boolean {
  return /\.mf$/i.test(name);
}

const maxManifestBytes = 1024 ** 2;

async function readText({ bytes }: OpenedEntry): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes()) {
    length += chunk.length;
    if (length > maxManifestBytes)
      throw corruptArchive('tar', `a manifest of more than ${maxManifestBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** OVF 1.1, 5.1: `SHA256(disk.vmdk)= …`, a line for each file. */
function checkManifest(
  manifest: string,
  { name, digests }: { readonly name: string; readonly digests: Readonly<Record<string, string>> },
): void {
  for (const line of manifest.split('\n')) {
    const match =
      /^(SHA1|SHA256|SHA512)[ \t]{0,8}\(([^)]{1,1000})\)[ \t]{0,8}=[ \t]{0,8}([0-9a-f]{40,128})[ \t\r]{0,8}$/i.exec(
        line,
      );
    if (!match || withoutDot(match[2]!) !== withoutDot(name)) continue;
    if (digests[match[1]!.toUpperCase()] !== match[3]!.toLowerCase()) {
      throw corruptArchive('tar', `${shownName(name)} does not have the digest in its manifest`);
    }
  }
}

/** `tar` keeps the `./` that it was given. */
function withoutDot(name: string): string {
  return name.replace(/^(?:\.\/){1,8}/, '');
}

function noDisk(archive: ArchiveFormat, names: readonly string[]): ConvertError {
  const held = names.length === 0 ? 'it is empty' : `it holds ${shownNames(names)}`;
  return new ConvertError('NO_DISK_INSIDE', `the ${archive} archive does not contain a disk: ${held}`, {
    hint: 'Unpack it by hand and import the disk image that it holds, if there is one.',
    facts: { archive },
  });
}

function severalDisks(archive: ArchiveFormat, names: readonly string[]): ConvertError {
  return new ConvertError(
    'SEVERAL_DISKS',
    `the ${archive} archive contains several disks: ${shownNames(names)}`,
    {
      hint: 'Unpack it by hand and import the disk that boots.',
      facts: { archive },
    },
  );
}

function shownNames(names: readonly string[]): string {
  const shown = names.slice(0, 5).map(shownName).join(', ');
  return names.length > 5 ? `${shown}, and ${names.length - 5} more` : shown;
}
