import type { DiskFormat } from '../qemu/output-format.ts';

/** Raised by every change that changes a byte of a file that is written. */
const version = 'ec2-image/1';

/**
 * Names the converter: two runs of the same one write the same bytes for an image. What a VMDK deflates comes from the zlib
 * in Node.js, whose output differs between releases and between processors.
 */
export function converterVersion(format: DiskFormat): string {
  return format === 'vmdk' ? `${version} node/${process.versions.node} ${process.arch}` : version;
}
