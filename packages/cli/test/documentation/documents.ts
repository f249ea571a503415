import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseShellLine } from '../../src/completion/shell-line.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** For people who use the tool: paths from the repository's root. */
export const documents: readonly string[] = [
  'README.md',
  'packages/cli/README.md',
  'deploy/README.md',
  ...globSync('docs/*.md', { cwd: root }),
];

export function readDocument(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

/** The blocks of one language, or of none, in their order. */
export function blocksOf(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, word, text]) =>
    word === language ? [text!] : [],
  );
}

/** The part under a heading of the second level. */
export function sectionOf(markdown: string, heading: string): string {
  const [, text] = markdown.split(`\n## ${heading}\n`);
  if (text === undefined) throw new Error(`no section ${heading}`);
  return text.split('\n## ')[0]!;
}

/** What stands for something in a command of a page, by what it could be. */
export const placeholders: Readonly<Record<string, string>> = {
  CODE: 'CHECKSUM_IS_HTML',
  COMMAND: 'import',
  SHELL: 'bash',
  BUCKET: 'my-bucket',
  ACCOUNT: '123456789012',
  'I/N': '0/2',
};

/** What a reader of a page does, in its order: writes a configuration, or types a command. */
export type Step =
  | { readonly configuration: string }
  /** The words behind `ec2-image`, without redirections and comments. */
  | { readonly words: readonly string[] };

/** A block with its language, an indented command, or a command in the text. */
const shown = /^```(\w*)\n(.*?)^```$|^ {4}(ec2-image [^\n]*)$|`((?:exec )?ec2-image [^`\n]+)`/gms;

export function stepsOf(markdown: string): Step[] {
  return [...markdown.matchAll(shown)].flatMap(([, language, block = '', indented, inText]): Step[] => {
    if (language === 'yaml' && isConfiguration(block)) return [{ configuration: block }];
    return linesOf(language, block, indented ?? inText).flatMap(commandIn);
  });
}

/** Every command that a page shows as one to type. */
export function commandsOf(markdown: string): (readonly string[])[] {
  return stepsOf(markdown).flatMap((step) => ('words' in step ? [step.words] : []));
}

/** What a page has its reader type in a shell that is not a command of ec2-image, as it is written. */
export function otherLinesOf(markdown: string): string[] {
  const lines = [...markdown.matchAll(shown)].flatMap(([, language, block = '']) =>
    linesOf(language, block).map((line) => line.replace(/ +# .*$/, '').trim()),
  );
  return lines.filter((line) => line !== '' && !line.startsWith('#') && commandIn(line).length === 0);
}

export function configurationsOf(markdown: string): string[] {
  return stepsOf(markdown).flatMap((step) => ('configuration' in step ? [step.configuration] : []));
}

function isConfiguration(block: string): boolean {
  return /^images:$/m.test(block);
}

function linesOf(language: string | undefined, block: string, alone = ''): string[] {
  const lines = block.replaceAll('\\\n', ' ').split('\n');
  if (language === 'console') return lines.flatMap((line) => /^\$ (.*)$/.exec(line)?.[1] ?? []);
  return language === 'sh' ? lines : [alone];
}

function commandIn(line: string): { readonly words: readonly string[] }[] {
  const [, command] = /^(?:\s*|.*[(|;] ?|exec )(ec2-image .*)$/.exec(line) ?? [];
  return command === undefined
    ? []
    : [{ words: wordsOf(command.replace(/ (?:#|>|\| |&& ).*$/, '').replace(/\)$/, '')) }];
}

function wordsOf(line: string): string[] {
  return [...parseShellLine(`${line} `, { wordBreaks: '' }).words].slice(1);
}
