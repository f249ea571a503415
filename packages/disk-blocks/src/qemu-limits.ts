import type { Limits } from '@ec2-image/confined-process';

/**
 * Of the qemu programs that only read. The most observed is 1.3 GiB of address space, mainly the stacks of threads. They
 * write no file; the small limit is for what a library or a wrapper may log.
 */
export const qemuLimits: Limits = { memoryBytes: 4 * 1024 ** 3, fileBytes: 1024 ** 2 };
