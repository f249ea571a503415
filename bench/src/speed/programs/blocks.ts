/** `blocks.ts URL RAW TIMES [stock]`: the blocks of a disk, so many times over, into the sink. Prints blocks, seconds of wall and of processor. */
import { type Block, diskBlocks, openDisk } from '@ec2-image/disk-blocks';
import { writeSnapshot } from '@ec2-image/ebs-direct';
import { sinkEbs } from '../sink-clients.ts';

const [url = '', path = '', times = '1', client] = process.argv.slice(2);
await using disk = await openDisk({ path, format: 'raw' });

async function* blocks({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<Block> {
  const count = Math.ceil(disk.sizeBytes / 524_288);
  for (let time = 0; time < Number(times); time += 1) {
    for await (const block of diskBlocks({ disk, signal }))
      yield { ...block, index: block.index + time * count };
  }
}

const startedAt = performance.now();
const before = process.cpuUsage();
const { blocksSent } = await writeSnapshot({
  ...sinkEbs(url, { stock: client === 'stock' }),
  blocks,
  sizeBytes: Number(times) * Math.ceil(disk.sizeBytes / 524_288) * 524_288,
  tags: {},
  clientTokenFor: (attempt) => `bench-${attempt}`,
});
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    blocks: blocksSent,
    seconds: (performance.now() - startedAt) / 1000,
    processorSeconds: (user + system) / 1e6,
  }),
);
process.exit();
