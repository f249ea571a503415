import type { Piece } from './pieces.ts';

/** A compressed cluster, and its place in the file. */
type Cluster = Pick<Piece, 'kind' | 'fileOffset' | 'fileLength'>;

export interface ClusterMemory {
  /** The content of the cluster that is kept, if it was the same job that had it decompressed or compared: nothing is read. */
  ofJob(job: object, cluster: Cluster): Buffer | undefined;
  /** The content of a cluster of this size, decompressed if it is not the one that is kept. Valid until the next call. */
  get(options: {
    readonly job: object;
    readonly cluster: Cluster;
    readonly stream: Buffer;
    readonly size: number;
    /** @throws where the stream is damaged */
    readonly decompress: (target: Buffer) => void;
  }): Buffer;
}

/**
 * Keeps the last cluster of which only a part was wanted: the parts of a large one are asked for one after the other, within a
 * job and by the next. Within a job, its place in the file tells that it is the same. Between jobs the file may change, or
 * another one have its descriptor: then the compressed bytes are read again, and have to be the same.
 */
export function createClusterMemory(): ClusterMemory {
  // Weak, as a job has a buffer of its own.
  let kept: { cluster: Cluster; job: WeakRef<object>; size: number; streamLength: number } | undefined;
  let stream = Buffer.allocUnsafeSlow(0);
  let content = Buffer.allocUnsafeSlow(0);

  function isKept(wanted: Cluster, wantedStream: Buffer, size: number): boolean {
    return (
      kept?.cluster.kind === wanted.kind &&
      kept.size === size &&
      stream.subarray(0, kept.streamLength).equals(wantedStream)
    );
  }

  return {
    ofJob(job, { kind, fileOffset, fileLength }) {
      if (kept?.job.deref() !== job) return undefined;
      const { cluster, size } = kept;
      const isSame =
        cluster.kind === kind && cluster.fileOffset === fileOffset && cluster.fileLength === fileLength;
      return isSame ? content.subarray(0, size) : undefined;
    },
    get({ job, cluster, stream: wanted, size, decompress }) {
      if (!isKept(cluster, wanted, size)) {
        // Until it has succeeded, there is no content.
        kept = undefined;
        content = atLeast(content, size);
        decompress(content.subarray(0, size));
        stream = atLeast(stream, wanted.length);
        wanted.copy(stream);
      }
      kept = { cluster, job: new WeakRef(job), size, streamLength: wanted.length };
      return content.subarray(0, size);
    },
  };
}

export function atLeast(buffer: Buffer<ArrayBuffer>, length: number): Buffer<ArrayBuffer> {
  return buffer.length >= length ? buffer : Buffer.allocUnsafeSlow(length);
}
