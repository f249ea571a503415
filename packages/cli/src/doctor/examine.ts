import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isExplained } from '@ec2-image/explained-error';
import { createClouds } from '../aws/clouds.ts';
import { type LocalAccount, openLocalAccount } from '../aws/local-account.ts';
import { describeSession, type Session, type SessionKey, sessionOf } from '../config/session.ts';
import type { ImageSettings } from '../options/table.ts';
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
  /** What the command line and the environment say of the session, which wins over what the images have. */
  flag(key: SessionKey): string | undefined;
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
  readonly session: Session;
  readonly bucket?: string;
  /** Undefined where none is needed. */
  readonly role?: string;
}

/** Where the images are imported, and the buckets of the command line. Only what is checked is read of the file. */
function placesOf(
  { settings: { file }, flag, buckets, roleName }: ExamineOptions,
  { region, profile, role }: CommonSettings['connection'],
): { places: Place[]; unread: readonly CheckReport[] } {
  const { config } = file ?? {};
  const session = { region, profile, role };
  const unread = new Map<string, CheckReport>();
  const bucketOf = (image?: ImageSettings) => {
    try {
      return image?.bucket ?? config?.bucket;
    } catch (error) {
      // Beside buckets of the command line, those of the file are not all that can be checked.
      if (buckets.length === 0 || !isExplained(error) || error.code !== 'CONFIG_VARIABLE_UNSET') throw error;
      const { message: detail, hint } = error;
      unread.set(detail, { check: 'bucket', state: 'skipped', detail, hint });
      return undefined;
    }
  };
  const roleOf = (image?: ImageSettings) =>
    roleName ?? image?.['role-name'] ?? config?.['role-name'] ?? 'vmimport';
  const places = Object.values(config?.images ?? {}).map((image): Place => {
    const own = sessionOf((key) => flag(key) ?? image[key] ?? config?.[key]);
    const place = { session: { ...own, region: own.region ?? region } };
    const isByS3 = (image.via ?? config?.via ?? 's3') === 's3';
    return isByS3 ? { ...place, bucket: bucketOf(image), role: roleOf(image) } : place;
  });
  const hasRole = places.some(({ role }) => role !== undefined);
  places.push(...buckets.map((bucket) => ({ session, bucket, role: hasRole ? roleName : roleOf() })));
  if (places.length === 0) places.push({ session, bucket: bucketOf(), role: roleOf() });
  return { places, unread: [...unread.values()] };
}

async function examineAccounts(
  options: ExamineOptions,
  connection: CommonSettings['connection'],
): Promise<CheckReport[]> {
  const { signal } = options.settings;
  const { places, unread } = placesOf(options, connection);
  const clouds = createClouds({
    connection,
    signal,
    allowUnknownAccount: options.settings.allowUnknownAccount,
  });
  const sessions = new Map(places.map(({ session }) => [JSON.stringify(session), session]));
  const reports = await Promise.all(
    [...sessions].map(async ([key, session]) => {
      const credentials = await check('credentials', async () => {
        const { account } = await clouds.open(session);
        const which = sessions.size > 1 ? ` (${describeSession(session)})` : '';
        return account
          ? { state: 'ok', detail: `account ${account}${which}` }
          : {
              state: 'warning',
              detail: `STS does not answer${which}`,
              hint: 'Without it, the owner of a bucket is not checked.',
            };
      });
      if (credentials.state === 'failed') return [credentials];
      const cloud = await clouds.open(session);
      const here = places.filter((place) => JSON.stringify(place.session) === key);
      const named = new Set(here.flatMap(({ bucket }) => bucket ?? []));
      const roles = new Set(here.flatMap(({ role }) => role ?? []));
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
  return [...reports.flat(), ...unread];
}

const noBucket: CheckReport = {
  check: 'bucket',
  state: 'skipped',
  detail: 'none is named',
  hint: 'Name one with --bucket.',
};
