import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeImagesCommand,
  DisableEbsEncryptionByDefaultCommand,
  EC2Client,
  type Image,
} from '@aws-sdk/client-ec2';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { ImageResult, PublishResult } from '../../src/outcome.ts';
import { bucket } from '../support/account.ts';
import { testWith } from '../support/fixtures.ts';
import type { ImportDocument } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';

export const source = 'us-east-1';

/** Those that the tests publish to. */
export const regions = [source, 'eu-west-1', 'us-west-2', 'ap-south-1'] as const;

export interface PublishDocument {
  readonly publish: { readonly images: readonly PublishResult[] } | null;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Tests of `import` and `publish` with a configuration file of one image, by EBS direct: few calls. */
export const test = testWith({ disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 18 } })
  /** Writes the file: the keys of the image and, on top of them, those given. */
  .extend(
    'configure',
    ({ images, workDirectory }) =>
      async (settings: Readonly<Record<string, unknown>> = {}) => {
        const path = join(workDirectory, 'ec2-image.yaml');
        const image = {
          url: images.url('qcow2'),
          'checksum-url': images.checksumUrl,
          arch: 'x86_64',
          suffix: '1',
          via: 'ebs',
          // Few blocks: of zeros past the disk's end alone there would be two thousand.
          'omit-holes': true,
          bucket,
          region: source,
          'poll-interval': 0.02,
          ...settings,
        };
        // JSON is YAML.
        await writeFile(path, JSON.stringify({ images: { 'test-cloud': image } }));
        return path;
      },
  )
  .extend('run', ({ account, workDirectory, configure }) => {
    return async (
      command: 'import' | 'publish',
      settings?: Readonly<Record<string, unknown>>,
      ...args: string[]
    ): Promise<InProcessEnd> =>
      runInProcess([
        ...[command, '--config', await configure(settings), '--endpoint-url', account.aws.url],
        ...['--work-dir', workDirectory, '--json', ...args],
      ]);
  })
  .extend(
    'runImport',
    ({ run }) =>
      async (settings?: Readonly<Record<string, unknown>>, ...args: string[]) => {
        const end = await run('import', settings, ...args);
        return { ...end, result: end.json<ImportDocument>().images[0] as ImageResult };
      },
  )
  .extend(
    'runPublish',
    ({ run }) =>
      async (settings?: Readonly<Record<string, unknown>>, ...args: string[]) => {
        const end = await run('publish', settings, ...args);
        return { ...end, result: end.json<PublishDocument>().publish?.images[0] as PublishResult };
      },
  )
  /** A client of a region of the account, which meets no conditions. */
  .extend(
    'inRegion',
    ({ account }) =>
      (region: string) =>
        account.client(EC2Client, { region }),
  )
  /** Encryption by default would be with AWS's own key, and nothing so encrypted can be shared. */
  .extend('encryption', { auto: true }, async ({ inRegion }) => {
    for (const region of regions) await inRegion(region).send(new DisableEbsEncryptionByDefaultCommand({}));
  })
  .extend('imagesOf', ({ inRegion }) => async (region: string): Promise<Image[]> => {
    const { Images = [] } = await inRegion(region).send(
      new DescribeImagesCommand({ Owners: ['self'], IncludeDeprecated: true, IncludeDisabled: true }),
    );
    return Images;
  })
  /** What an SSM parameter of a region holds. */
  .extend(
    'parameterIn',
    ({ account }) =>
      async (region: string, name: string): Promise<string | undefined> => {
        const ssm = account.client(SSMClient, { region });
        const { Parameters } = await ssm.send(new GetParametersCommand({ Names: [name] }));
        return Parameters?.[0]?.Value;
      },
  );
