/** EBS counts volumes in whole GiB. */
export function volumeSizeGiB(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / 2 ** 30));
}
