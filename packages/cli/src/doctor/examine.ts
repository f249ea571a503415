import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@ec2-image/aws-call';
import { type Clouds, createClouds } from '../aws/clouds.ts';
import { type LocalAccount, openLocalAccount } from '../aws/local-account.ts';
import { describeSession } from '../config/session.ts';
import type { CommonSettings } from '../settings.ts';
import { localAwsDirectory } from '../work-directory/image-directory.ts';
import { examineAccount } from './examine-account.ts';
import { checkClock, checkTool, checkWorkDirectory } from './machine-checks.ts';
import { checkNames } from './name-checks.ts';
import { type Places, type PlacesOptions, placesOf } from './places.ts';
import { checkPublishing } from './publishing-checks.ts';
import { checkRegions } from './region-checks.ts';
import { type CheckReport, check } from './report.ts';
import { requestedImages } from './requested-images.ts';
import { checkSource, type ExaminedSource } from './source-checks.ts';

/**
 * Checks everything that an import needs. The account is as before afterwards: of the bucket, an object and an upload that
 * are put there are removed.
 */
export async function examine(options: PlacesOptions): Promise<CheckReport[]> {
  const { settings } = options;
  await using local = settings.local ? await openExistingAccount(settings) : undefined;
  const connection = { ...settings.connection, ...local?.connection };
  const places = placesOf(options, connection);
  const { signal, allowUnknownAccount } = settings;
  const clouds = createClouds({ connection, signal, allowUnknownAccount });
  const { requests, unnamed, problems } = requestedImages({
    ...options,
    settings: { ...settings, connection },
  });
  const sources = await Promise.all(requests.map((request) => checkSource(request, { signal, clouds })));
  const machine = await Promise.all(examineMachine(settings, sources));
  const accounts = await examineAccounts({ settings, connection, clouds, places });
  const found = new Map(
    sources.flatMap(({ found }) => (found ? [[found.request.name, found] as const] : [])),
  );
  const named = await Promise.all(
    requests.map(async (request) => {
      const source = unnamed.has(request.name) ? undefined : found.get(request.name);
      return { request, ...(source ? await checkNames(source, { clouds, signal }) : { reports: [] }) };
    }),
  );
  const images = await Promise.all(
    named.map(async ({ request, imageId, reports }, index) => {
      const published = await checkPublishing(request, {
        ...{ clouds, signal, imageId },
        // Those that the account has already are counted.
        before: named.slice(0, index).filter((other) => other.imageId === undefined),
      });
      return { request, regions: published.regions, reports: [...reports, ...published.reports] };
    }),
  );
  const regions = await checkRegions(images, { clouds, places: places.places, signal });
  const told = new Set(places.unread.map(({ detail }) => detail));
  return [
    ...machine,
    ...problems.filter(({ detail }) => !told.has(detail)),
    ...sources.flatMap(({ reports }) => reports),
    ...accounts,
    ...images.flatMap(({ reports }) => reports),
    ...regions,
    ...places.unread,
  ];
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

/** The tools and the room that these images need: what a URL does not tell, the import finds. */
function examineMachine(
  { workDirectory, connection: { env } }: CommonSettings,
  sources: readonly ExaminedSource[],
): Promise<CheckReport>[] {
  const packages = 'qemu-utils (Debian) or qemu-img (Fedora)';
  const mayBeXz = ({ urls }: ExaminedSource) =>
    urls?.some((url) => !/\.(qcow2|img|raw|vmdk|vhdx?)$/i.test(url.replace(/[?#].*/, ''))) ?? true;
  return [
    checkTool({ tool: 'qemu-img', neededFor: 'every conversion', packages, env }),
    checkTool({ tool: 'qemu-nbd', neededFor: 'every import', packages, env }),
    ...(sources.length === 0 || sources.some(mayBeXz)
      ? [
          checkTool({
            tool: 'xz',
            neededFor: 'images ending in .xz',
            packages: 'xz-utils (Debian) or xz (Fedora)',
            env,
          }),
        ]
      : []),
    checkWorkDirectory(workDirectory, {
      digests: sources.flatMap(({ found }) => found?.digest ?? []),
      neededBytes: sources.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
    }),
  ];
}

async function examineAccounts({
  settings,
  connection,
  clouds,
  places: { places },
}: {
  readonly settings: CommonSettings;
  readonly connection: CommonSettings['connection'];
  readonly clouds: Clouds;
  readonly places: Places;
}): Promise<CheckReport[]> {
  const { signal } = settings;
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
      return [credentials, ...(await examineAccount(cloud, { places: here, signal }))];
    }),
  );
  // By then AWS has told the time.
  const clock = await checkClock(systemClock.now() - connection.clock.now());
  return [clock, ...reports.flat()];
}
