/**
 * Bytes of memory that undoing a compression may take, by default: four times what xz's largest preset needs, and twice
 * the window that zstd takes without being told (128 MiB). Files made for more (`--long=31`, `dict=1536MiB`) need
 * `--decompression-memory`.
 */
export const defaultDecompressionMemoryBytes = 256 * 1024 ** 2;
