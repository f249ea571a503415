import type { Limits } from '@ec2-image/confined-process';

/**
 * Of the qemu programs that only read. Seen at its largest: 1.3 GiB of address space, most of it the stacks of threads.
 * They write no file; a little is left for what a library or a wrapper may note.
 */
export const qemuLimits: Limits = { memoryBytes: 4 * 1024 ** 3, fileBytes: 1024 ** 2 };
