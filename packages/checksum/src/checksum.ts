/** A checksum being computed. After `digest` it must not be used again. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  /** Base64, as S3 writes it. */
  digest(): string;
}
