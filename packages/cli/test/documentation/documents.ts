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

/** The words behind `ec2-image` of every command that a page shows as one to type, without redirections and comments. */
export function commandsOf(markdown: string): string[][] {
  const shown = [
    ...blocksOf(markdown, 'sh'),
    ...blocksOf(markdown, 'console').map((block) => block.replace(/^(?!\$ ).*$/gm, '').replace(/^\$ /gm, '')),
    ...(markdown.match(/^ {4}ec2-image .*$/gm) ?? []),
    ...[...markdown.matchAll(/`(ec2-image [^`\n]+)`/g)].map(([, command]) => command!),
  ];
  return shown
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .flatMap((line) => /^(?:\s*|.*[(|;] ?|.*run: exec )(ec2-image .*)$/.exec(line)?.[1] ?? [])
    .map((line) => wordsOf(line.replace(/ (?:#|>|\| |&& ).*$/, '').replace(/\)$/, '')));
}

function wordsOf(line: string): string[] {
  return [...parseShellLine(`${line} `, { wordBreaks: '' }).words].slice(1);
}
