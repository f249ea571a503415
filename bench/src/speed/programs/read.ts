/**
 * `read.ts QCOW2 WAY`: what of a disk is data, read once. WAY is `ours` (worker threads, with the CRC32 of each 8 MiB),
 * `qemu-nbd` (block by block, as EBS direct takes them) or `qemu-img` (into nothing). Prints the seconds of wall and of
 * processor, the programs that it starts included.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { diskBlocks, openDisk, openImageReader, type Stretch } from '@ec2-image/disk-blocks';
import { execa } from 'execa';

const [path = '', way = ''] = process.argv.slice(2);
const bufferBytes = 8 * 2 ** 20;

const ways: Readonly<Record<string, () => Promise<number>>> = {
  async ours() {
    const { reader, refusal } = await openImageReader({ path, format: 'qcow2' });
    if (refusal) throw refusal;
    await using image = reader;
    const parts = partsOf(await image.present());
    let bytes = 0;
    // Two parts for each thread: one being filled, one on its way.
    const fill = async () => {
      let buffer: SharedArrayBuffer | undefined = new SharedArrayBuffer(bufferBytes);
      for (const { stretches, length } of parts) {
        const filled = await image.fill({ buffer, length, stretches, crc32: true });
        buffer = filled.buffer;
        bytes += length;
      }
    };
    await Promise.all(Array.from({ length: 2 * availableParallelism() }, fill));
    return bytes;
  },
  async 'qemu-nbd'() {
    await using disk = await openDisk({ path, format: 'qcow2' });
    let bytes = 0;
    for await (const block of diskBlocks({ disk })) {
      bytes += block.data.length;
      block.release();
    }
    return bytes;
  },
  async 'qemu-img'() {
    await execa('qemu-img', [
      'convert',
      '-n',
      '-f',
      'qcow2',
      '--target-image-opts',
      path,
      'driver=null-co,size=4G',
    ]);
    return 0;
  },
};

/** Buffers full of what is present, given out once whoever asks. */
function* partsOf(
  present: readonly { readonly offset: number; readonly length: number }[],
): Generator<{ stretches: Stretch[]; length: number }> {
  let stretches: Stretch[] = [];
  let length = 0;
  for (const extent of present) {
    for (let done = 0; done < extent.length; ) {
      const take = Math.min(extent.length - done, bufferBytes - length);
      stretches.push({ at: length, offset: extent.offset + done, length: take });
      done += take;
      length += take;
      if (length < bufferBytes) continue;
      yield { stretches, length };
      stretches = [];
      length = 0;
    }
  }
  if (length > 0) yield { stretches, length };
}

/** Of this process and of the children that have ended, in seconds: the clock of /proc ticks a hundred times a second. */
function processorSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]!.split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

const before = processorSeconds();
const startedAt = performance.now();
const bytes = await ways[way]!();
console.log(
  JSON.stringify({
    bytes,
    seconds: (performance.now() - startedAt) / 1000,
    processorSeconds: processorSeconds() - before,
  }),
);
process.exit();
