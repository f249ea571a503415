import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClouds } from '../aws/clouds.ts';
import { type LocalAccount, openLocalAccount } from '../aws/local-account.ts';
import type { CommonSettings } from '../settings.ts';
import { localAwsDirectory } from '../work-directory/image-directory.ts';
import {
  type CheckReport,
  check,
  checkBucketOf,
  checkEc2,
  checkRole,
  checkTool,
  checkWorkDirectory,
} from './checks.ts';

export interface ExamineOptions {
  readonly settings: CommonSettings;
  /** Beside those of the configuration. */
  readonly buckets: readonly string[];
  readonly roleName?: string;
}

/** Checks everything that an import needs; changes nothing. */
export async function examine(options: ExamineOptions): Promise<CheckReport[]> {
  const { settings } = options;
  await using local = settings.local ? await openExistingAccount(settings) : undefined;
  const connection = { ...settings.connection, ...local?.connection };
  const reports = await Promise.all([examineMachine(settings), examineAccounts(options, connection)]);
  return reports.flat();
}

/** The account of the work directory; where it has none yet, an empty one that is gone afterwards. */
async function openExistingAccount(
  settings: CommonSettings,
): Promise<AsyncDisposable & Pick<LocalAccount, 'connection'>> {
  if (existsSync(localAwsDirectory(settings.workDirectory))) return openLocalAccount(settings);
  const directory = await mkdtemp(join(tmpdir(), 'ec2-image-doctor-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const account = await openLocalAccount({ ...settings, workDirectory: directory }).catch(
    async (error: unknown) => {
      await remove();
      throw error;
    },
  );
  return {
    connection: account.connection,
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      await remove();
    },
  };
}

function examineMachine({ workDirectory, connection: { env } }: CommonSettings): Promise<CheckReport[]> {
  return Promise.all([
    checkTool({
      tool: 'qemu-img',
      neededFor: 'every conversion',
      packages: 'qemu-utils (Debian) or qemu-img (Fedora)',
      env,
    }),
    checkTool({
      tool: 'xz',
      neededFor: 'images ending in .xz',
      packages: 'xz-utils (Debian) or xz (Fedora)',
      env,
    }),
    checkWorkDirectory(workDirectory),
  ]);
}

interface Place {
  readonly region: string | undefined;
  readonly bucket?: string;
  readonly roleName?: string;
}

async function examineAccounts(
  { settings: { file, signal }, buckets, roleName }: ExamineOptions,
  connection: CommonSettings['connection'],
): Promise<CheckReport[]> {
  const clouds = createClouds({ connection, signal });
  const { config } = file ?? {};
  const places: Place[] = [
    ...Object.values(config?.images ?? {}).map((image) => ({
      region: image.region ?? connection.region,
      bucket: image.bucket ?? config?.bucket,
      roleName: roleName ?? image['role-name'] ?? config?.['role-name'],
    })),
    ...buckets.map((bucket) => ({ region: connection.region, bucket, roleName })),
  ];
  if (places.length === 0) places.push({ region: connection.region, bucket: file?.config.bucket, roleName });
  const regions = [...new Set(places.map(({ region }) => region))];
  const reports = await Promise.all(
    regions.map(async (region) => {
      const credentials = await check('credentials', async () => {
        const { account } = await clouds.open(region);
        return account
          ? { state: 'ok', detail: `account ${account}` }
          : {
              state: 'warning',
              detail: 'STS does not answer',
              hint: 'Without it, the owner of a bucket is not checked.',
            };
      });
      if (credentials.state === 'failed') return [credentials];
      const cloud = await clouds.open(region);
      const here = places.filter((place) => place.region === region);
      const named = new Set(here.flatMap(({ bucket }) => bucket ?? []));
      const roles = new Set(here.map(({ roleName }) => roleName ?? 'vmimport'));
      return [
        credentials,
        ...(await Promise.all([
          checkEc2(cloud, signal),
          ...[...named].map((bucket) => checkBucketOf(cloud, bucket, signal)),
          ...[...roles].map((role) => checkRole(cloud, role, signal)),
        ])),
        ...(named.size === 0 ? [noBucket] : []),
      ];
    }),
  );
  return reports.flat();
}

const noBucket: CheckReport = {
  check: 'bucket',
  state: 'skipped',
  detail: 'none is named',
  hint: 'Name one with --bucket.',
};
