import { inflateSync } from 'node:zlib';

/** Whether the bytes are one zlib stream, of so many bytes at most when inflated, with nothing behind it. */
export function isWholeStream(bytes: Buffer, maxInflatedBytes: number): boolean {
  try {
    // With `info` the types of Node.js do not keep up.
    const { engine } = inflateSync(bytes, {
      info: true,
      maxOutputLength: maxInflatedBytes,
    }) as unknown as { readonly engine: { readonly bytesWritten: number } };
    return engine.bytesWritten === bytes.length;
  } catch {
    return false;
  }
}
