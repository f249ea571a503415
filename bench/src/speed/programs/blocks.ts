/**
 * `blocks.ts URL RAW TIMES data|all|stock`: the blocks of a disk, so many times over, into the sink; all of them but for
 * `data`. Prints blocks, seconds of wall and of processor.
 */
import { type Block, type BlockRange, imageBlocks, openImageReader } from '@ec2-image/disk-blocks';
import { writeSnapshot } from '@ec2-image/ebs-direct';
import { sinkEbs } from '../sink-ebs.ts';

const [url = '', path = '', times = '1', which = 'all'] = process.argv.slice(2);
const { reader, refusal } = await openImageReader({ path, format: 'raw' });
if (refusal) throw refusal;
const disk = reader;

async function* blocks({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<Block> {
  const count = Math.ceil(disk.sizeBytes / 524_288);
  for (let time = 0; time < Number(times); time += 1) {
    for await (const block of imageBlocks({ reader: disk, signal }))
      yield { ...block, index: block.index + time * count };
  }
}

async function* everything(): AsyncGenerator<BlockRange> {
  yield { first: 0, end: Number.MAX_SAFE_INTEGER };
}

const startedAt = performance.now();
const before = process.cpuUsage();
const { blocksSent } = await writeSnapshot({
  ...sinkEbs(url, { stock: which === 'stock' }),
  blocks,
  holes: which === 'data' ? everything : undefined,
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
