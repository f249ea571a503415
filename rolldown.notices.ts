import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { Plugin } from 'rolldown';

const noticesFile = 'THIRD-PARTY-NOTICES.txt';

interface Notice {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** As the package has it, with what its NOTICE file adds. */
  readonly text: string;
}

/** Writes the licences of what is in the bundle beside it. The build fails where a package in it does not say its licence. */
export function thirdPartyNotices(): Plugin {
  return {
    name: 'third-party-notices',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
      const directories = new Set(modules.flatMap((id) => packageDirectory(id) ?? []));
      const notices = [...directories].map(readNotice).sort((one, other) => compare(one, other));
      this.emitFile({ type: 'asset', fileName: noticesFile, source: renderNotices(notices) });
    },
  };
}

/** Of a module of somebody else's package. */
function packageDirectory(id: string): string | undefined {
  const path = id.replace(/^\0/, '').replace(/\?.*$/, '');
  if (!path.includes(`${sep}node_modules${sep}`)) return undefined;
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    // Some packages have a package.json in a subdirectory that names a module format and no more.
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version) return directory;
  }
  throw new Error(`no package.json for ${path}`);
}

function readNotice(directory: string): Notice {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const files = readdirSync(directory)
    .filter((file) => /^(?:licen[cs]e|copying|notice)\b/i.test(file))
    .sort();
  const license = typeof manifest.license === 'string' ? manifest.license : manifest.license?.type;
  if (license === undefined && files.length === 0)
    throw new Error(`${manifest.name} ${manifest.version} is bundled, and does not say its licence`);
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8').trim());
  return {
    name: manifest.name,
    version: manifest.version,
    license: license ?? 'see below',
    text: texts.length > 0 ? texts.join('\n\n') : `Licence: ${license}. ${authorOf(manifest.author)}`.trim(),
  };
}

function authorOf(author: unknown): string {
  const name = typeof author === 'string' ? author : (author as { name?: string } | undefined)?.name;
  return name === undefined ? '' : `Copyright ${name}`;
}

function compare(one: Notice, other: Notice): number {
  const [left, right] = [one, other].map(({ name, version }) => `${name} ${version}`);
  return left! < right! ? -1 : Number(left! > right!);
}

/** Packages of one text, such as the SDK's hundred, share it. */
function renderNotices(notices: readonly Notice[]): string {
  const byText = Map.groupBy(notices, ({ text }) => text);
  const parts = [...byText].map(([text, packages]) =>
    [...packages.map(({ name, version, license }) => `${name} ${version} (${license})`), '', text].join('\n'),
  );
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `This program contains parts of the following packages.${rule}${parts.join(rule)}\n`;
}
