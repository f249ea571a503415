import type { ByteSource } from '@ec2-image/image-headers';
import { areApart, isWithin, readStretch, requireIntact, type Stretch } from './intact.ts';

export interface VhdxMetadata {
  readonly blockBytes: number;
  readonly virtualSizeBytes: number;
}

/** MS-VHDX 2.6.1.2: flags of an item. */
const isVirtualDisk = 2;
const isRequired = 4;
const itemsAt = 64 * 1024;

/** 2.6.2: the items of every disk, each with the length and the flags that it must have. */
const items = {
  fileParameters: { id: '3767a1ca36fa434db3b633f0aa44e76b', length: 8, flags: isRequired },
  virtualDiskSize: {
    id: '2442a52f1bcd7648b2115dbed83bf4b8',
    length: 8,
    flags: isRequired | isVirtualDisk,
  },
  virtualDiskId: { id: 'ab12cabee6b2234593efc309e000c746', length: 16, flags: isRequired | isVirtualDisk },
  logicalSectorSize: { id: '1dbf41816fa90947ba47f233a8faab5f', length: 4, flags: isRequired | isVirtualDisk },
  physicalSectorSize: {
    id: 'c748a3cd5d4471449cc9e9885251c556',
    length: 4,
    flags: isRequired | isVirtualDisk,
  },
} as const;

/** @throws ImportFailure */
export async function readVhdxMetadata(disk: ByteSource, region: Stretch): Promise<VhdxMetadata> {
  const table = await readStretch(disk, 'VHDX', { offset: region.offset, length: itemsAt });
  const places = placesIn(table);
  const stretches = [...places.values()].filter(({ length }) => length > 0);
  requireIntact(
    'VHDX',
    areApart([{ offset: 0, length: itemsAt }, ...stretches]) &&
      stretches.every((stretch) => isWithin(stretch, region.length)),
  );
  const read = async ({ id, length }: { readonly id: string; readonly length: number }) => {
    const place = places.get(id);
    requireIntact('VHDX', place?.length === length);
    return readStretch(disk, 'VHDX', { offset: region.offset + place.offset, length });
  };
  const parameters = await read(items.fileParameters);
  const virtualSize = await read(items.virtualDiskSize);
  await read(items.virtualDiskId);
  const logical = (await read(items.logicalSectorSize)).readUInt32LE(0);
  const physical = (await read(items.physicalSectorSize)).readUInt32LE(0);
  const leaveBlockAllocated = 1;
  requireIntact(
    'VHDX',
    logical === 512 &&
      (physical === 512 || physical === 4096) &&
      (parameters.readUInt32LE(4) & ~leaveBlockAllocated) === 0,
  );
  return {
    blockBytes: parameters.readUInt32LE(0),
    virtualSizeBytes: Number(virtualSize.readBigUInt64LE(0)),
  };
}

/** By id, in bytes from the region's beginning. */
function placesIn(table: Buffer): Map<string, Stretch> {
  const places = new Map<string, Stretch>();
  const end = 32 + table.readUInt16LE(10) * 32;
  requireIntact(
    'VHDX',
    end <= table.length && isZero(table.subarray(8, 10)) && isZero(table.subarray(12, 32)),
  );
  for (let at = 32; at < end; at += 32) {
    const id = table.toString('hex', at, at + 16);
    const flags = table.readUInt32LE(at + 24);
    const known = Object.values(items).find((item) => item.id === id);
    const isKnowable = known ? flags === known.flags : (flags & isRequired) === 0;
    requireIntact('VHDX', isKnowable && isZero(table.subarray(at + 28, at + 32)));
    places.set(id, { offset: table.readUInt32LE(at + 16), length: table.readUInt32LE(at + 20) });
  }
  return places;
}

function isZero(reserved: Buffer): boolean {
  return reserved.every((byte) => byte === 0);
}
