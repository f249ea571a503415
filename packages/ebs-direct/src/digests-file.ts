import { createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import { EbsDirectError } from './errors.ts';
import type { ExpectedContent } from './verify-snapshot.ts';

const formatName = 'ec2-image-block-digests';

/** Writes what a later verification needs in place of the disk: a line of JSON, then `index sha256` for each block. */
export async function writeDigests({
  path,
  content,
}: {
  readonly path: string;
  readonly content: ExpectedContent;
}): Promise<void> {
  const partial = `${path}.partial`;
  await pipeline(digestLines(content), createWriteStream(partial));
  await rename(partial, path);
}

function* digestLines({ sizeBytes, digests }: ExpectedContent): Generator<string> {
  yield `${JSON.stringify({ format: formatName, version: 1, blockSizeBytes, sizeBytes, blocks: digests.size })}\n`;
  for (const index of [...digests.keys()].sort((a, b) => a - b))
    yield `${index} ${digests.get(index)!.toString('hex')}\n`;
}

/** @throws EbsDirectError `BAD_DIGESTS_FILE` */
export async function readDigests({ path }: { readonly path: string }): Promise<ExpectedContent> {
  const digests = new Map<number, Buffer>();
  let head: Head | undefined;
  let lineNumber = 0;
  const file = await open(path).catch((cause: Error) => {
    throw bad(path, { reason: cause.message, cause });
  });
  for await (const line of file.readLines()) {
    lineNumber += 1;
    if (lineNumber === 1) {
      head = parseHead(line);
      if (!head) throw badLine(path, lineNumber);
      continue;
    }
    const match = /^(\d{1,10}) ([0-9a-f]{64})$/.exec(line);
    if (!match) throw badLine(path, lineNumber);
    digests.set(Number(match[1]), Buffer.from(match[2]!, 'hex'));
  }
  // A truncated file would pass for a disk with fewer blocks.
  if (head?.sizeBytes === undefined || head.blocks !== digests.size) throw badLine(path, lineNumber);
  return { sizeBytes: head.sizeBytes, digests };
}

interface Head {
  readonly sizeBytes?: number;
  readonly blocks?: number;
}

function parseHead(line: string): Head | undefined {
  try {
    const head = JSON.parse(line) as Record<string, unknown>;
    const isKnown =
      head.format === formatName && head.version === 1 && head.blockSizeBytes === blockSizeBytes;
    return isKnown ? (head as Head) : undefined;
  } catch {
    return undefined;
  }
}

function badLine(path: string, line: number): EbsDirectError {
  return bad(path, { reason: `line ${line}` });
}

function bad(
  path: string,
  { reason, cause }: { readonly reason: string; readonly cause?: Error },
): EbsDirectError {
  return new EbsDirectError(
    'BAD_DIGESTS_FILE',
    `${path} is not a complete file of block digests (${reason})`,
    {
      hint: 'Use a file written by `ec2-image verify --save-digests`.',
      cause,
      facts: { path, reason },
    },
  );
}
