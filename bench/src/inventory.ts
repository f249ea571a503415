import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seedEc2 } from '@ec2-image/local-aws';
import { provenanceTags } from '@ec2-image/provenance';
import { execa } from 'execa';
import { type Account, startAccount } from './account.ts';
import { type CallCounts, printCalls, surplusOf, takeLoggedCalls } from './calls.ts';
import { type PeakMemory, watchPeakMemory } from './process-memory.ts';
import { findProgram } from './programs.ts';
import { maxPeakBytes } from './system-disk.ts';

/** An AMI of each image in each region. */
export interface Inventory {
  readonly images: number;
  readonly regions: readonly string[];
}

export interface InventoryRun {
  readonly command: 'list' | 'plan';
  /** AMIs listed, or images planned. */
  readonly count: number;
  readonly seconds: number;
  readonly peak: PeakMemory;
  readonly calls: CallCounts;
  readonly surplus: readonly string[];
}

/** What an account has to opt into. */
const optIn = ['eu-south-1', 'ap-east-1', 'me-south-1'];

/** An AMI of 500 images in these and in the regions that no account has to opt into. */
export const inventory: Inventory = {
  images: 500,
  regions: [
    ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
    ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'eu-north-1'],
    ...['ap-south-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-northeast-1', 'ap-northeast-2'],
    ...['ap-northeast-3', ...optIn],
  ],
};

/** `ec2-image list` of all of them, and `ec2-image plan` of a configuration that has each image in one region. */
export async function runInventory({ images, regions }: Inventory): Promise<readonly InventoryRun[]> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-inventory-'));
  try {
    await using account = await startAccount({
      directory,
      args: ['--log', logIn(directory), ...optIn.flatMap((region) => ['--opt-in-region', region])],
    });
    for (const [index, region] of regions.entries())
      seedRegion({ directory, region, images, firstId: index * images });
    const config = join(directory, 'ec2-image.yaml');
    await writeFile(config, configuration({ images, regions }));
    const listed = await run(account, ['list', ...regions.flatMap((region) => ['--region', region])], {
      log: logIn(directory),
      count: ({ list }) => list.amis.length,
      allowed: {
        GetCallerIdentity: 1,
        DescribeImportSnapshotTasks: regions.length,
        DescribeSnapshots: regions.length,
        DescribeImages: regions.length,
        DescribeImageAttribute: images * regions.length,
        DescribeImageReferences: Math.ceil(images / 10) * regions.length,
      },
    });
    const planned = await run(account, ['plan', '--config', config], {
      log: logIn(directory),
      count: ({ plan }) => plan.images.filter(({ outcome }) => outcome === 'nothing').length,
      allowed: {
        GetCallerIdentity: regions.length,
        // By its name, then with what can be changed of it.
        DescribeImages: 2 * images,
        DescribeSnapshots: images,
      },
    });
    return [
      { command: 'list', ...listed },
      { command: 'plan', ...planned },
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const logIn = (directory: string) => join(directory, 'calls.ndjson');

interface Document {
  readonly list: { readonly amis: readonly unknown[] };
  readonly plan: { readonly images: readonly { readonly outcome: string }[] };
}

async function run(
  account: Account,
  args: readonly string[],
  {
    log,
    count,
    allowed,
  }: {
    /** The emulator's. */
    readonly log: string;
    readonly count: (document: Document) => number;
    readonly allowed: CallCounts;
  },
): Promise<Omit<InventoryRun, 'command'>> {
  const started = performance.now();
  const child = execa('node', [await findProgram('ec2-image'), ...args, '--json', '--quiet'], {
    env: account.env,
    stdin: 'ignore',
    reject: false,
    maxBuffer: 2 ** 30,
  });
  const [peak, { stdout, stderr, exitCode }] = await Promise.all([watchPeakMemory(child.pid!), child]);
  const seconds = (performance.now() - started) / 1000;
  if (exitCode !== 0) throw new Error(`${args[0]} ended with ${exitCode}: ${stderr.slice(0, 2000)}`);
  const calls = await takeLoggedCalls(log);
  return { seconds, peak, calls, count: count(JSON.parse(stdout)), surplus: surplusOf(calls, allowed) };
}

const createdAt = Date.now() - 1000 * 3_600_000;
const id = (type: string, number: number) => `${type}-${number.toString(16).padStart(17, '0')}`;
const digestOf = (number: number) => `sha256:${number.toString(16).padStart(64, '0')}` as const;
const urlOf = (number: number) => `https://example.org/images/image-${number}.qcow2`;

/** As an import by way of EBS direct leaves them. */
function seedRegion({
  directory,
  region,
  images,
  firstId,
}: {
  readonly directory: string;
  readonly region: string;
  readonly images: number;
  readonly firstId: number;
}): void {
  const numbers = Array.from({ length: images }, (_, number) => number);
  const tagsOf = (number: number) => ({
    Name: `image-${number}-i1`,
    automation: 'false',
    ...provenanceTags({
      sourceUrl: urlOf(number),
      digest: digestOf(number),
      diskFormat: 'raw',
      name: `image-${number}`,
      version: '0.1.0',
      proof: 'full',
      bootMode: 'uefi-preferred',
      startedAt: new Date(createdAt),
    }),
  });
  seedEc2({
    directory,
    region,
    snapshots: numbers.map((number) => ({
      id: id('snap', firstId + number),
      createdAt,
      description: `ec2-image ${digestOf(number)}`,
      tags: tagsOf(number),
    })),
    images: numbers.map((number) => ({
      id: id('ami', firstId + number),
      name: `image-${number}-i1`,
      createdAt,
      snapshotIds: [id('snap', firstId + number)],
      tags: tagsOf(number),
    })),
  });
}

function configuration({ images, regions }: Inventory): string {
  const entries = Array.from(
    { length: images },
    (_, number) => `  image-${number}:
    url: ${urlOf(number)}
    sha256: ${digestOf(number).slice('sha256:'.length)}
    arch: x86_64
    region: ${regions[number % regions.length]}
`,
  );
  return `via: ebs\nsuffix: 1\nimages:\n${entries.join('')}`;
}

/** `npm run bench -- inventory` */
export async function inventoryBenchmark(): Promise<void> {
  for (const { command, count, seconds, peak, calls, surplus } of await runInventory(inventory)) {
    const memory = `${(peak.own / 2 ** 20).toFixed(0)} MiB`;
    console.log(
      `${command}: ${count.toLocaleString('en')} in ${seconds.toFixed(1)} s at a peak of ${memory}\n`,
    );
    printCalls(calls, surplus);
    console.log();
    if (surplus.length > 0 || peak.own > maxPeakBytes) process.exitCode = 1;
  }
}
