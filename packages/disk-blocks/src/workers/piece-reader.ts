import { fillWithZeros } from '../block.ts';
import { atLeast, createClusterMemory } from './cluster-memory.ts';
import { createInflater, type Inflater } from './inflate.ts';
import { JobFault } from './job-fault.ts';
import { kinds, type Piece, pieceAt, pieceCount } from './pieces.ts';
import { readFully } from './read-file.ts';
import { createUnzstd, type Unzstd } from './zstd.ts';

/** A job as far as it is read for: one object for each. */
export interface Source {
  readonly fd: number;
  readonly clusterSize: number;
}

export interface PieceReader {
  /** Reads all pieces into their places in the buffer. */
  read(source: Source, pieces: Float64Array, data: Buffer, isCancelled: () => boolean): void;
  /** The compressed bytes of a piece, valid until the next call. */
  readCompressed(fd: number, piece: Piece): Buffer;
  readonly inflater: Inflater;
}

/** Few images have clusters of zstd: none of the others' threads has a state for them. */
function whereNeeded(create: () => Unzstd): Unzstd {
  let unzstd: Unzstd | undefined;
  return (...cluster) => {
    unzstd ??= create();
    return unzstd(...cluster);
  };
}

interface Decompressors {
  readonly inflater: Inflater;
  readonly unzstd: Unzstd;
}

/** Has memory of its own for what is read, and for the last cluster of which only a part was wanted. */
export function createPieceReader(
  decompressors: Decompressors = { inflater: createInflater(), unzstd: whereNeeded(createUnzstd) },
): PieceReader {
  const { inflater } = decompressors;
  const clusters = createClusterMemory();
  let input = Buffer.allocUnsafeSlow(0);

  function readInput(fd: number, from: number, to: number): Buffer {
    input = atLeast(input, to - from);
    readFully(fd, input, { at: 0, length: to - from, position: from });
    return input;
  }

  function decompressPiece(source: Source, piece: Piece, stream: Buffer, data: Buffer): void {
    const size = source.clusterSize;
    if (piece.length === size) {
      decompress(decompressors, piece, stream, { target: data, at: piece.at, size });
      return;
    }
    const content = clusters.get({
      job: source,
      cluster: piece,
      stream,
      size,
      decompress: (target) => decompress(decompressors, piece, stream, { target, at: 0, size }),
    });
    copyPart(content, piece, data);
  }

  return {
    inflater,
    readCompressed: (fd, { fileOffset, fileLength }) =>
      readInput(fd, fileOffset, fileOffset + fileLength).subarray(0, fileLength),
    read(source, pieces, data, isCancelled) {
      const { fd } = source;
      const count = pieceCount(pieces);
      for (let index = 0; index < count; ) {
        if (isCancelled()) throw new JobFault('cancelled', 'the job is cancelled');
        const piece = pieceAt(pieces, index);
        index += 1;
        if (piece.kind === kinds.zero) fillWithZeros(data, piece.at, piece.at + piece.length);
        else if (piece.kind === kinds.plain)
          readFully(fd, data, { at: piece.at, length: piece.length, position: piece.fileOffset });
        else {
          const content = clusters.ofJob(source, piece);
          if (content) {
            copyPart(content, piece, data);
            continue;
          }
          const { run, from, to } = compressedRun(pieces, index - 1);
          const bytes = readInput(fd, from, to);
          for (const each of run) {
            const start = each.fileOffset - from;
            decompressPiece(source, each, bytes.subarray(start, start + each.fileLength), data);
          }
          index += run.length - 1;
        }
      }
    },
  };
}

function copyPart(content: Buffer, { at, skip, length }: Piece, data: Buffer): void {
  content.copy(data, at, skip, skip + length);
}

/** Compressed pieces that lie close together in the file, whatever their order, to be read at once. */
function compressedRun(pieces: Float64Array, index: number): { run: Piece[]; from: number; to: number } {
  const first = pieceAt(pieces, index);
  const run = [first];
  let from = first.fileOffset;
  let to = from + first.fileLength;
  let wanted = first.fileLength;
  for (let next = index + 1; next < pieceCount(pieces); next++) {
    const piece = pieceAt(pieces, next);
    if (piece.kind !== first.kind) break;
    const start = Math.min(from, piece.fileOffset);
    const end = Math.max(to, piece.fileOffset + piece.fileLength);
    wanted += piece.fileLength;
    if (end - start > maxReadBytes || end - start > 2 * wanted + 65_536) break;
    run.push(piece);
    from = start;
    to = end;
  }
  return { run, from, to };
}

/** Read at once: 1 MiB hides the cost of a call. */
const maxReadBytes = 1024 ** 2;

function decompress(
  { inflater, unzstd }: Decompressors,
  piece: Piece,
  stream: Buffer,
  { target, at, size }: { readonly target: Buffer; readonly at: number; readonly size: number },
): void {
  const isRight =
    piece.kind === kinds.deflate
      ? inflater.inflate(stream, target, at, size) !== undefined
      : unzstd(stream, target, at, size);
  if (!isRight)
    throw new JobFault(
      'damaged',
      `the compressed cluster at byte ${piece.fileOffset} of the file does not decompress to ${size} bytes`,
      piece.fileOffset,
    );
}
