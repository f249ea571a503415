import { rename, rm } from 'node:fs/promises';
import fc from 'fast-check';
import { run } from './disk.ts';

/** What qemu-img 7.2 can be asked for of a qcow2 that it writes, and what its tools can do to one afterwards. */
export interface Qcow2Kind {
  readonly compat: '0.10' | '1.1';
  /** In bytes. */
  readonly clusterSize: number;
  readonly compression: 'none' | 'zlib' | 'zstd';
  readonly extendedL2: boolean;
  readonly preallocation: 'off' | 'metadata' | 'falloc' | 'full';
  readonly refcountBits: number;
  readonly lazyRefcounts: boolean;
  /** Zeros of the disk are written, too, and clusters in any order. */
  readonly writes: 'data' | 'zeros' | 'out-of-order';
  readonly edits: readonly Edit[];
}

type Edit = (typeof edits)[number];
const edits = ['flatten', 'snapshot', 'write', 'resize', 'kill', 'bitmap', 'upgrade', 'downgrade'] as const;

/** Combinations that qemu-img accepts: others it refuses itself. */
export const qcow2Kind: fc.Arbitrary<Qcow2Kind> = fc
  .record({
    compat: fc.constantFrom('1.1' as const, '1.1' as const, '0.10' as const),
    clusterSize: fc.integer({ min: 9, max: 21 }).map((bits) => 2 ** bits),
    compression: fc.constantFrom('none' as const, 'zlib' as const, 'zstd' as const),
    extendedL2: fc.boolean(),
    preallocation: fc.constantFrom('off' as const, 'metadata' as const, 'falloc' as const, 'full' as const),
    refcountBits: fc.constantFrom(1, 2, 4, 8, 16, 32, 64),
    lazyRefcounts: fc.boolean(),
    writes: fc.constantFrom('data' as const, 'zeros' as const, 'out-of-order' as const),
    edits: fc.subarray([...edits], { maxLength: 3 }),
  })
  .map((asked) => {
    const kind = asked.compat === '0.10' ? ofVersion2(asked) : ofVersion3(asked);
    // What is compressed is written in order, and where it fits.
    const compression =
      kind.preallocation === 'off' && kind.writes !== 'out-of-order' ? kind.compression : 'none';
    const possible = { ...kind, compression } as const;
    return { ...possible, edits: kind.edits.filter((edit) => isPossible(edit, possible)) };
  });

function ofVersion2(kind: Qcow2Kind): Qcow2Kind {
  const compression = kind.compression === 'zstd' ? 'zlib' : kind.compression;
  return { ...kind, compression, extendedL2: false, refcountBits: 16, lazyRefcounts: false };
}

function ofVersion3(kind: Qcow2Kind): Qcow2Kind {
  return { ...kind, extendedL2: kind.extendedL2 && kind.clusterSize >= 16_384 };
}

function isPossible(edit: Edit, { compat, edits, ...kind }: Qcow2Kind): boolean {
  const isOld = compat === '0.10';
  switch (edit) {
    case 'flatten':
      return true;
    // A cluster that two have counts twice.
    case 'snapshot':
      return kind.refcountBits > 1;
    case 'write':
      return true;
    case 'resize':
      return !(isOld && edits.includes('snapshot'));
    case 'kill':
    case 'bitmap':
      return !isOld;
    case 'upgrade':
      return isOld;
    case 'downgrade':
      return (
        !isOld &&
        kind.refcountBits === 16 &&
        kind.compression !== 'zstd' &&
        !kind.extendedL2 &&
        !edits.includes('bitmap')
      );
  }
}

/** The disk of a raw file of 512 KiB at least, in an image of the kind. */
export async function makeQcow2(raw: string, path: string, kind: Qcow2Kind): Promise<void> {
  await rm(path, { force: true });
  const flags = [
    ...(kind.compression === 'none' ? [] : ['-c']),
    ...(kind.writes === 'zeros' ? ['-S', '0'] : kind.writes === 'out-of-order' ? ['-W'] : []),
  ];
  const options = `${optionsOf(kind)},preallocation=${kind.preallocation}`;
  const target = ['-O', 'qcow2', '-o', options, raw, path];
  await run('qemu-img', ['convert', '-f', 'raw', ...flags, ...target]);
  for (const edit of kind.edits) await edited[edit](path, kind);
}

function optionsOf({ compat, clusterSize, extendedL2, compression, refcountBits, lazyRefcounts }: Qcow2Kind) {
  return [
    `compat=${compat},cluster_size=${clusterSize}`,
    ...(extendedL2 ? ['extended_l2=on'] : []),
    ...(compression === 'zstd' ? ['compression_type=zstd'] : []),
    ...(compat === '1.1' ? [`refcount_bits=${refcountBits}`] : []),
    ...(lazyRefcounts ? ['lazy_refcounts=on'] : []),
  ].join();
}

const edited: Readonly<Record<Edit, (path: string, kind: Qcow2Kind) => Promise<unknown>>> = {
  // Written to on top of a backing file, which is then no longer needed.
  flatten: async (path, kind) => {
    const base = `${path}.base`;
    await rename(path, base);
    const create = ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', '-o', optionsOf(kind), path];
    await run('qemu-img', create);
    await qemuIo(path, ['write -P 7 3k 70k', ...(kind.compat === '1.1' ? ['write -z 300k 100k'] : [])]);
    await run('qemu-img', ['rebase', '-q', '-f', 'qcow2', '-b', '', path]);
    await rm(base);
  },
  snapshot: async (path) => {
    await run('qemu-img', ['snapshot', '-c', 'before', path]);
    await qemuIo(path, ['write -P 5 0 512']);
  },
  write: (path, { compat }) =>
    qemuIo(path, [
      'write -P 3 1k 3k',
      'write -P 0 8k 64k',
      // Version 2 has no clusters of zeros.
      ...(compat === '1.1' ? ['write -z 100k 40k', 'write -z -u 200k 128k', 'discard 0 64k'] : []),
    ]),
  // Behind the end of what is left, the clusters may keep what they held.
  resize: async (path) => {
    await run('qemu-img', ['resize', '-q', '--shrink', path, '100k']).catch(() => {
      // With a snapshot it can only grow.
    });
    await run('qemu-img', ['resize', '-q', path, '+9M']);
  },
  kill: (path) => qemuIo(path, ['write -P 9 2k 1k', 'abort']).catch(() => {}),
  bitmap: (path) => run('qemu-img', ['bitmap', '--add', path, 'changes']),
  upgrade: (path) => run('qemu-img', ['amend', '-q', '-f', 'qcow2', '-o', 'compat=1.1', path]),
  downgrade: (path) => run('qemu-img', ['amend', '-q', '-f', 'qcow2', '-o', 'compat=0.10', path]),
};

function qemuIo(path: string, commands: readonly string[]) {
  return run('qemu-io', ['-f', 'qcow2', ...commands.flatMap((command) => ['-c', command]), path]);
}
