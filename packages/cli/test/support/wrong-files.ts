/** What a mirror serves in place of a file: `contentOf` of `GatedMirrorOptions`. */
type ContentOf = (file: Buffer, answer: number) => Buffer;

/** Wrong in its last 4 KiB, which are behind every gate: what comes before them is right. */
export const wrongAtEnd: ContentOf = (file) => Buffer.from(file).fill(1, file.length - 4096);

/** The first download, of two answers, has one wrong sector in its third MiB; the next one has the file. */
export const wrongAtFirst: ContentOf = (file, answer) =>
  answer > 2 ? file : Buffer.from(file).fill(1, 2 * 2 ** 20, 2 * 2 ** 20 + 512);
