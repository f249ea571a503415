import type { Keystream } from './keystream.ts';

export interface SampleFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  readonly content: string | Uint8Array;
}

const osRelease = [
  'NAME="Sample Linux"',
  'ID=sample',
  'VERSION_ID=1',
  'PRETTY_NAME="Sample Linux 1"',
  '',
].join('\n');

/** One part noise, as in compressed modules and packages, to two of text: xz brings it to about half, as it does a distribution's image. */
const textShare = 2 / 3;
const minFileBytes = 2 ** 16;
const maxFileBytes = 2 ** 22;

/** What a small system would hold: a few fixed files, then text and noise of many sizes, `dataBytes` in all. */
export function* sampleFiles({
  dataBytes,
  random,
}: {
  readonly dataBytes: number;
  readonly random: Keystream;
}): Generator<SampleFile> {
  yield { path: 'etc/hostname', content: 'sample\n' };
  yield { path: 'usr/lib/os-release', content: osRelease };

  const words = Array.from({ length: 256 }, () => pseudoWord(random));
  const textBytes = Math.round(dataBytes * textShare);
  let number = 0;
  for (const length of fileLengths(textBytes, random)) {
    yield {
      path: `usr/share/doc/${directory(number)}/text-${number}`,
      content: pseudoText(length, words, random),
    };
    number += 1;
  }
  for (const length of fileLengths(dataBytes - textBytes, random)) {
    yield {
      path: `usr/lib/modules/${directory(number)}/module-${number}.ko.xz`,
      content: random.bytes(length),
    };
    number += 1;
  }
}

function* fileLengths(total: number, random: Keystream): Generator<number> {
  for (let left = total; left > 0; ) {
    const length = Math.min(left, minFileBytes + random.integer(maxFileBytes - minFileBytes));
    yield length;
    left -= length;
  }
}

function directory(number: number): string {
  return String(Math.trunc(number / 16)).padStart(2, '0');
}

function pseudoWord(random: Keystream): string {
  const letters = Array.from({ length: 2 + random.integer(9) }, () =>
    String.fromCharCode(97 + random.integer(26)),
  );
  return `${letters.join('')}${random.integer(12) === 0 ? '\n' : ' '}`;
}

function pseudoText(length: number, words: readonly string[], random: Keystream): Buffer {
  const text = Buffer.alloc(length, '\n');
  // A word is at most 11 characters; what does not fit any more is cut off.
  for (let offset = 0; offset < length; ) {
    const chosen = Array.from(random.bytes(4096), (byte) => words[byte]).join('');
    offset += text.write(chosen, offset, 'latin1');
  }
  return text;
}
