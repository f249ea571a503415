import { createCipheriv, createHash } from 'node:crypto';

/** Bytes that look random and are the same for the same seed on every machine: an AES-256-CTR keystream. */
export interface Keystream {
  bytes(length: number): Buffer;
  /** 0 ≤ n < `below`, which is at most 2³². */
  integer(below: number): number;
  uuid(): string;
}

export function keystream(seed: string): Keystream {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), Buffer.alloc(16));
  const bytes = (length: number) => cipher.update(Buffer.alloc(length));
  return {
    bytes,
    integer: (below) => bytes(4).readUInt32LE() % below,
    uuid: () => {
      const hex = bytes(16).toString('hex');
      // The version and variant of a random UUID: RFC 9562, section 5.4.
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}
