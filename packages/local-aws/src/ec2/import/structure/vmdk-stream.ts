import type { ByteSource } from '@ec2-image/image-headers';
import { readStretch, requireIntact } from './intact.ts';
import { readVmdkHeader, sectorBytes, tableBytes, type VmdkHeader } from './vmdk-header.ts';
import { readVmdkTables, type VmdkTables } from './vmdk-tables.ts';
import { isWholeStream } from './whole-stream.ts';

const marker = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 };
const grainMarkerBytes = 12;

/**
 * Follows a stream-optimized VMDK from marker to marker, as it is copied: every grain is where its table says, and nothing is
 * between them, missing, or behind the end.
 */
export class VmdkStream {
  readonly #disk: ByteSource;
  readonly #header: VmdkHeader;
  readonly #tables: VmdkTables;
  /** Of the next marker, in bytes. */
  #at: number;
  #grains = 0;
  #hasMarkers = false;
  #isEnded = false;
  /** Where QEMU ends a file, which has neither footer nor end-of-stream marker: it takes the room of a whole grain before it writes one. */
  #endWithoutMarkers: number;

  /** @throws ImportFailure where header, descriptor, footer, directories or tables are damaged */
  static async open(disk: ByteSource): Promise<VmdkStream> {
    const header = await readVmdkHeader(disk);
    return new VmdkStream(disk, header, await readVmdkTables(disk, header));
  }

  private constructor(disk: ByteSource, header: VmdkHeader, tables: VmdkTables) {
    this.#disk = disk;
    this.#header = header;
    this.#tables = tables;
    this.#at = header.overhead * sectorBytes;
    this.#endWithoutMarkers = this.#at;
  }

  /**
   * Takes the file's next bytes, in whole sectors.
   *
   * @throws ImportFailure
   */
  async take(chunk: Buffer, offset: number): Promise<void> {
    const end = offset + chunk.length;
    while (this.#at < end) {
      const at = this.#at - offset;
      if (this.#isEnded) {
        this.#require(chunk.subarray(at).every((byte) => byte === 0));
        this.#at = end;
        return;
      }
      const value = chunk.readUInt32LE(at) + chunk.readUInt32LE(at + 4) * 2 ** 32;
      const streamBytes = chunk.readUInt32LE(at + 8);
      if (streamBytes === 0) this.#passMarker(chunk.readUInt32LE(at + 12), value);
      else {
        await this.#passGrain(value, streamBytes);
        await this.#requireWholeStream({ chunk, at: at + grainMarkerBytes, streamBytes, offset });
        this.#at = wholeSectors(this.#at + grainMarkerBytes + streamBytes);
      }
    }
  }

  /** @throws ImportFailure where the file that was taken is not whole */
  end(): void {
    const { grains, marked } = this.#tables;
    const isWhole =
      this.#header.hasFooter || this.#hasMarkers
        ? this.#isEnded
        : this.#disk.size === this.#endWithoutMarkers;
    this.#require(isWhole && this.#at === this.#disk.size && this.#grains === grains);
    this.#require(marked.tables.size === 0 && marked.directories.size === 0);
  }

  async #passGrain(firstSector: number, streamBytes: number): Promise<void> {
    const { capacity, grainSectors } = this.#header;
    const grainBytes = grainSectors * sectorBytes;
    this.#require(
      firstSector < capacity && firstSector % grainSectors === 0 && streamBytes <= 2 * grainBytes,
    );
    const sector = await this.#tables.sectorOf(firstSector / grainSectors);
    this.#require(sector === this.#at / sectorBytes);
    this.#endWithoutMarkers = Math.max(
      this.#at + grainBytes,
      wholeSectors(this.#at + grainMarkerBytes + streamBytes),
    );
    this.#grains += 1;
  }

  /** Against a length that reaches into the zeros behind the stream, which QEMU does not notice. Few streams end in a zero themselves. */
  async #requireWholeStream({
    chunk,
    at,
    streamBytes,
    offset,
  }: {
    readonly chunk: Buffer;
    readonly at: number;
    readonly streamBytes: number;
    /** Of the chunk. */
    readonly offset: number;
  }): Promise<void> {
    if (at + streamBytes <= chunk.length && chunk[at + streamBytes - 1] !== 0) return;
    const stream = await readStretch(this.#disk, 'VMDK', { offset: offset + at, length: streamBytes });
    if (stream.at(-1) !== 0) return;
    this.#require(isWholeStream(stream, this.#header.grainSectors * sectorBytes));
  }

  #passMarker(type: number, sectors: number): void {
    const { marked, directorySectors } = this.#tables;
    const { size } = this.#disk;
    const next = this.#at / sectorBytes + 1;
    if (type === marker.grainTable) {
      this.#require(marked.tables.delete(next) && sectors === tableBytes / sectorBytes);
    } else if (type === marker.grainDirectory) {
      this.#require(marked.directories.delete(next) && sectors === directorySectors);
    } else if (type === marker.footer) {
      const behindIt = 3;
      this.#require(this.#header.hasFooter && sectors === 1 && this.#at + behindIt * sectorBytes === size);
    } else {
      this.#require(type === marker.endOfStream && sectors === 0);
      if (this.#hasMarkers) this.#require(this.#at + sectorBytes === size);
      this.#isEnded = true;
    }
    this.#hasMarkers ||= type !== marker.endOfStream;
    if (!this.#isEnded) this.#at += (1 + sectors) * sectorBytes;
  }

  #require(holds: boolean): void {
    requireIntact('VMDK', holds);
  }
}

function wholeSectors(bytes: number): number {
  return Math.ceil(bytes / sectorBytes) * sectorBytes;
}
