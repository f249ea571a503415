import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { architectureOf, fileNamesOf } from '../config/architecture.ts';
import { defaultConfigFile, findConfig } from '../config/find-config.ts';
import { validateConfig } from '../config/validate-config.ts';
import { CliError, UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { explain } from '../errors/explain.ts';
import { nameOf, renderConfig } from '../init/render-config.ts';
import { readWord } from '../options/given.ts';
import { redactSource } from '../options/kinds/locations.ts';
import { schemaFile } from '../schema-file.ts';
import type { CommonSettings } from '../settings.ts';
import { askLine, isInteractive } from '../terminal/ask-line.ts';
import { TableCommand } from './common.ts';

export class InitCommand extends TableCommand {
  static override paths = [['init']];

  /** The one that there may be is not read: it is not overwritten either. */
  protected override async readFile(): Promise<undefined> {}

  protected async run(settings: CommonSettings): Promise<number> {
    const { signal, log } = settings;
    const path = this.given.value('config') ?? defaultConfigFile;
    const existing = this.given.value('config') === undefined ? findConfigHere() : path;
    if (existing !== undefined && existsSync(existing)) throw exists(existing);
    const url = await this.url(signal);
    const names = url === undefined ? [] : fileNamesOf(url);
    const name = this.given.value('name') ?? (nameOf(names[0] ?? '') || undefined);
    const architecture =
      architectureOf({ given: this.given.value('arch'), names }) ??
      (url && (await this.ask('Architecture of the image (x86_64 or arm64): ', signal)));
    const { checksum, why } = url === undefined ? {} : await this.checksum(url, signal);
    const via = this.given.value('via');
    const bucket = via === 'ebs' ? undefined : await this.bucket(settings);
    const missing = [
      ...(url === undefined ? ['--url'] : []),
      ...(name === undefined ? ['--name'] : []),
      ...(architecture === undefined ? ['--arch'] : []),
      ...(checksum === undefined ? ['--checksum-url (or --sha256)'] : []),
      ...(bucket === undefined && via !== 'ebs' ? ['--bucket'] : []),
    ];
    if (!url || !name || !architecture || !checksum || missing.length > 0) {
      throw new UsageError('MISSING_SETTING', `missing required options: ${missing.join(', ')}`, {
        hint: `${why ? `${sentence(why)} ` : ''}Give them, or start the command on a terminal, where it asks.`,
      });
    }
    const { region } = settings.connection;
    const source = renderConfig(
      { name, url, checksum, architecture, bucket, region, via },
      { path, schemaFile },
    );
    const [problem] = validateConfig({ path, source, env: this.context.env }).problems;
    if (problem) {
      throw new UsageError('BAD_OPTION', `no configuration can be written: ${problem.message}`, {
        hint: problem.hint,
      });
    }
    await write(path, source);
    await this.printResult(
      {
        document: () => ({ version: 1, init: { path, name } }),
        ids: () => [path],
        text: () =>
          `Wrote ${path}. Next: \`ec2-image doctor\` checks what AWS needs to have, \`ec2-image import\` imports the image.`,
      },
      log,
    );
    return exitCodes.done;
  }

  private async url(signal: AbortSignal): Promise<string | undefined> {
    const said = this.operands[0];
    if (said === undefined && this.given.value('url')) return this.given.value('url')![0];
    const word = said ?? (await this.ask('URL of the image: ', signal));
    return word === undefined ? undefined : readWord('url', word, { name: 'URL of the image' })[0];
  }

  /** Without one, `why` says what became of the search for it. */
  private async checksum(
    url: string,
    signal: AbortSignal,
  ): Promise<{ readonly checksum?: readonly [key: string, value: string]; readonly why?: string }> {
    for (const key of ['checksum-url', 'sha256', 'sha512'] as const) {
      const value = this.given.value(key);
      if (value !== undefined) return { checksum: [key, value] };
    }
    // Loaded only where the network is needed.
    const { findChecksumFile } = await import('../init/find-checksum.ts');
    const found = await findChecksumFile(url, { signal });
    if ('url' in found) {
      if (!this.quiet) this.tell(`Found the checksum file ${redactSource(found.url)}`);
      return { checksum: ['checksum-url', found.url] };
    }
    const asked = await this.ask(`${sentence(found.why)} URL of the checksum file: `, signal);
    return asked === undefined ? found : { checksum: ['checksum-url', asked] };
  }

  /** The one that is given, or one that a person chooses: what asks AWS says so before. */
  private async bucket({ connection, local, signal }: CommonSettings): Promise<string | undefined> {
    const given = this.given.value('bucket');
    if (given !== undefined || !isInteractive(this.context)) return given;
    if (local) return this.ask('Bucket: ', signal);
    this.tell('Asking AWS for the buckets of this account (s3:ListAllMyBuckets) …');
    const { listBuckets } = await import('../init/list-buckets.ts');
    const buckets = await listBuckets(connection, { region: connection.region, signal }).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        this.tell(`They cannot be listed: ${explain(error).message}`);
        return [];
      },
    );
    for (const [at, name] of buckets.entries()) this.tell(`  ${at + 1}  ${name}`);
    const answer = await this.ask(buckets.length > 0 ? 'Bucket, by number or name: ' : 'Bucket: ', signal);
    return buckets[Number(answer) - 1] ?? answer;
  }

  /** Undefined where there is nobody to ask, or no answer. */
  private async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    if (!isInteractive(this.context)) return undefined;
    return (await askLine(question, this.context, signal)) || undefined;
  }
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function findConfigHere(): string | undefined {
  const found = findConfig();
  return found?.inParent ? undefined : found?.path;
}

/** @throws CliError `CONFIG_EXISTS`, `CONFIG_NOT_WRITTEN` */
async function write(path: string, source: string): Promise<void> {
  try {
    await writeFile(path, source, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw exists(path);
    throw new CliError('CONFIG_NOT_WRITTEN', `cannot write ${path}: ${(cause as Error).message}`, {
      hint: 'Name a file that this user can create with --config.',
      cause,
      facts: { path },
    });
  }
}

function exists(path: string): UsageError {
  return new UsageError('CONFIG_EXISTS', `${path} exists, and is not overwritten`, {
    hint: 'Edit that file, or name another with --config.',
    facts: { path },
  });
}
