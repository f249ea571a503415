import type { Partition } from './partition.ts';

/** A boot sector: 55 AA stands at its end. */
export interface Mbr {
  /** Those that a boot loader would find; none where it is the boot sector of a file system. */
  readonly partitions: readonly Partition[];
  /** Whether it protects a GPT. */
  readonly isProtective: boolean;
  /** Whether there is code that a BIOS would run and that does more than say that it cannot boot. */
  readonly hasBootCode: boolean;
}

const protective = 0xee;

/** Four entries from byte 446 on, each empty, or with a sane flag, a start and a length. */
export function readMbr(sector: Buffer): Mbr | undefined {
  if (sector.length < 512 || sector.readUInt16BE(510) !== 0x55aa) return undefined;
  const hasBootCode = holdsBootCode(sector);
  const partitions: Partition[] = [];
  let isProtective = false;
  for (let at = 446; at < 510; at += 16) {
    const type = sector[at + 4]!;
    const [first, count] = [sector.readUInt32LE(at + 8), sector.readUInt32LE(at + 12)];
    // The code of a file system's boot sector reaches over the place of the entries.
    if ((sector[at]! & 0x7f) !== 0) return { partitions: [], isProtective: false, hasBootCode };
    if (type === 0 || count === 0) continue;
    // Without a valid GPT behind it, it protects nothing that can be booted.
    if (type === protective && first === 1) isProtective = true;
    else
      partitions.push({ offset: first * 512, size: count * 512, type: type.toString(16).padStart(2, '0') });
  }
  return { partitions, isProtective, hasBootCode };
}

/** What mkfs.fat (`This is not a bootable disk`) and DOS (`Non-System disk`) write as code of a disk that boots nothing. */
const excuses = /not a bootable|non-system disk/i;

function holdsBootCode(sector: Buffer): boolean {
  return (
    sector.subarray(0, 446).some((byte) => byte !== 0) && !excuses.test(sector.toString('latin1', 0, 510))
  );
}
