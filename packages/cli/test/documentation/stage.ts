import { createHash } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { openAccount, type TestAccount } from '../support/account.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import { type CliEnd, runCli } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { placeholders } from './documents.ts';

/** Where the commands of one page run: an account on the emulator, and a directory that is the reader's own. */
export interface Stage {
  readonly account: TestAccount;
  readonly images: TestImages;
  readonly directory: string;
  /** Types a command of the page, with what there is here in place of its examples. */
  type(words: readonly string[]): Promise<CliEnd>;
  /** Writes a configuration of the page as `ec2-image.yaml`, in the same way. */
  configure(text: string): Promise<void>;
  /** Does something `hours` ago, by the clock of the account. */
  aged(hours: number, work: () => Promise<unknown>): Promise<void>;
}

/** An image for each architecture, and one that is packed. */
export function publishExamples(): Promise<TestImages> {
  return publishImages(['qcow2', 'vmdk', 'raw.xz'], {
    arm64: ['vmdk'],
    boot: { bios: true, efi: ['x86_64', 'arm64'] },
  });
}

/** The buckets that pages name. */
const buckets = ['my-bucket', 'disk-images', 'packer-image-import', 'disks'];

/** Calm: a page promises what comes of a command, and not how often it has to be typed. */
export async function openStage(images: TestImages): Promise<Stage & AsyncDisposable> {
  let offsetMs = 0;
  const account = await openAccount({
    conditions: 'calm',
    buckets,
    now: () => Date.now() + offsetMs,
    ec2: {
      importTaskMs: 60,
      snapshotCompletionMs: 20,
      imageCreationMs: 20,
      bootInstances: true,
      statusCheckMs: 0,
    },
  });
  const directory = await temporaryDirectory('reader');
  const qcow2 = join(images.directory, basename(images.url('qcow2')));
  await copyFile(qcow2, join(directory, 'disk.qcow2'));
  const sha256 = createHash('sha256')
    .update(await readFile(qcow2))
    .digest('hex');
  const run = (words: readonly string[]) =>
    runCli(words, {
      cwd: directory,
      env: {
        AWS_ENDPOINT_URL: account.aws.url,
        EC2_IMAGE_POLL_INTERVAL: '0.05',
        IMG_SFX: '20261122',
        IMPORT_IMG_SFX: '20261122',
      },
    });
  /** By what stands for it in the pages. */
  const real = (text: string) =>
    text
      .replace(/https:\/\/(example\.org|…)\/\S*CHECKSUM/g, images.checksumUrl)
      .replace(/https:\/\/(example\.org|…)\/\S*aarch64\S*\.qcow2/g, images.url('vmdk'))
      .replace(/https:\/\/(example\.org|…)\/\S*\.qcow2/g, images.url('qcow2'))
      .replace('https://example.org/disk.raw.xz', images.url('raw.xz'))
      .replace(/\b2b3b9e0a5f4c7{52}\b/, sha256);
  /** The AMI and the snapshot of an example are the account's own. */
  const existing = async (word: string) => {
    if (!/^(ami|snap)-0123456789abcdef0$/.test(word)) return word;
    const { Images = [] } = await account.ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    const [ami] = Images;
    return word.startsWith('ami') ? ami!.ImageId! : ami!.BlockDeviceMappings![0]!.Ebs!.SnapshotId!;
  };
  return {
    account,
    images,
    directory,
    type: async (words) =>
      run(await Promise.all(words.map((word) => existing(real(placeholders[word] ?? word))))),
    configure: (text) => writeFile(join(directory, 'ec2-image.yaml'), real(text)),
    async aged(hours, work) {
      offsetMs = -hours * 3_600_000;
      await work();
      offsetMs = 0;
    },
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
}
