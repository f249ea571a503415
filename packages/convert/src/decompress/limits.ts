/**
 * What a decoder may take: zstd's own default (a window of 128 MiB), and twice of it for xz, whose largest preset
 * needs 65 MiB. Files made for more (`--long=31`, `dict=1536MiB`) are refused.
 */
export const maxWindowLog = 27;
export const maxXzMemoryBytes = 256 * 1024 ** 2;
