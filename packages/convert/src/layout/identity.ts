import { hash } from 'node:crypto';
import type { DiskFormat } from '../qemu/output-format.ts';
import { converterVersion } from './converter-version.ts';

/** What decides the identifiers in a file. */
export interface Identity {
  /** Of the image, as published. */
  readonly digest: string;
  readonly format: DiskFormat;
}

/**
 * An identifier that is the same wherever the same converter makes the same file.
 *
 * @returns 16 bytes of a UUID of version 8 (RFC 9562, 5.8), in network order
 */
export function uuidFrom({ digest, format }: Identity, purpose: string): Buffer {
  const uuid = hash(
    'sha256',
    [converterVersion(format), digest, format, purpose].join('\n'),
    'buffer',
  ).subarray(0, 16);
  uuid[6] = (uuid[6]! & 0x0f) | 0x80;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}

/** The first three groups of a GUID are little-endian on disk. */
export function guidBytes(uuid: Buffer): Buffer {
  const bytes = Buffer.from(uuid);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
