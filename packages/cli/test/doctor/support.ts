import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckReport } from '../../src/doctor/report.ts';
import { type AccountOptions, bucket, openAccount, region, type TestAccount } from '../support/account.ts';
import type { TestImages } from '../support/images.ts';
import { type ImportDocument, makeWorkDirectory } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';
import { type CliEnd, ownEnvironment, runCli } from '../support/run-cli.ts';

export interface Stage extends AsyncDisposable {
  readonly account: TestAccount;
  readonly images: TestImages;
  readonly workDirectory: string;
  /** Keys of the configuration, for the one image. */
  settings: Record<string, unknown>;
  /** Further images, with what differs from the one. */
  others: Readonly<Record<string, Record<string, unknown>>>;
  doctor(...flags: readonly string[]): Promise<Diagnosis>;
  /** In a process of its own, since some imports wait for minutes: several can run side by side. */
  import(): Promise<CliEnd & { readonly document: ImportDocument }>;
}

export interface Diagnosis extends InProcessEnd {
  readonly checks: readonly CheckReport[];
  readonly nothingFound: boolean;
  /** The one of this name. */
  check(name: string): CheckReport | undefined;
}

/** Somebody with policies and nothing else. */
export const limited = { accessKeyId: 'AKIALIMITED', secretAccessKey: 'a secret of their own' };

/** An account that an import would succeed in, and a configuration of one image. */
export async function openStage(
  images: TestImages,
  {
    signer,
    ...options
  }: AccountOptions & {
    readonly signer?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  } = {},
): Promise<Stage> {
  // Calm: each account has one thing wrong, and what the doctor finds beside it is compared.
  const account = await openAccount({ conditions: 'calm', ...options });
  const workDirectory = await makeWorkDirectory();
  const config = join(await makeWorkDirectory(), 'ec2-image.yaml');
  const credentials = signer && {
    AWS_ACCESS_KEY_ID: signer.accessKeyId,
    AWS_SECRET_ACCESS_KEY: signer.secretAccessKey,
  };
  const argsOf = async (command: string, ...flags: readonly string[]) => {
    const image = {
      url: images.url('qcow2'),
      ...{ 'checksum-url': images.checksumUrl, arch: 'x86_64', suffix: 'one', bucket },
      ...stage.settings,
    };
    const others = Object.entries(stage.others).map(([name, settings]) => [name, { ...image, ...settings }]);
    const named = { 'test-cloud': image, ...Object.fromEntries(others) };
    await writeFile(config, JSON.stringify({ region, images: named }));
    const to = ['--endpoint-url', account.aws.url, '--work-dir', workDirectory];
    return [command, '--config', config, ...to, ...flags];
  };
  const stage: Stage = {
    account,
    images,
    workDirectory,
    settings: {},
    others: {},
    async doctor(...flags) {
      const args = await argsOf('doctor', ...(flags.length > 0 ? flags : ['--json']));
      const end = await oneAtATime(() => {
        Object.assign(process.env, ownEnvironment, credentials);
        return runInProcess(args);
      });
      if (flags.length > 0) return { ...end, checks: [], nothingFound: false, check: () => undefined };
      const { checks, nothingFound } = end.json<{ doctor: Diagnosis }>().doctor;
      return { ...end, checks, nothingFound, check: (name) => checks.find(({ check }) => check === name) };
    },
    async import() {
      const limits = ['--poll-interval', '0.02', '--max-attempts', '1', '--outage-timeout', '2'];
      const args = await argsOf('import', '--json', '--import-attempts', '1', ...limits);
      const end = await runCli(args, { env: credentials });
      return { ...end, document: end.json<ImportDocument>() };
    },
    [Symbol.asyncDispose]: () => account[Symbol.asyncDispose](),
  };
  return stage;
}

let last: Promise<unknown> = Promise.resolve();

/** Who signs is a variable of the process. */
function oneAtATime<T>(run: () => Promise<T>): Promise<T> {
  const result = last.then(run);
  last = result.catch(() => undefined);
  return result;
}
