import { printable } from '@ec2-image/redact';
import type { ImageOutcome, ImageResult } from '../outcome.ts';
import { formatSeconds } from './format.ts';
import type { ImportDocument } from './import-report.ts';

const marks: Readonly<Record<ImageOutcome, string>> = {
  imported: '✅',
  reused: '✅',
  partial: '⚠️',
  failed: '❌',
  interrupted: '⏹️',
};

/** The document of an import as Markdown, for the page of a run in CI. Text of others is text in it. */
export function renderStepSummary({ images, next, error }: ImportDocument): string {
  return [
    '### ec2-image import',
    ...(error ? [`❌ ${code(error.code)}: ${text(error.message)} ${text(error.hint)}`] : []),
    ...(images.length > 0 ? [tableOf(images)] : []),
    ...images.flatMap(problemOf),
    ...(next === ''
      ? []
      : [`<details><summary>Configuration that pins this result</summary>\n\n${block(next)}\n\n</details>`]),
  ].join('\n\n');
}

function tableOf(images: readonly ImageResult[]): string {
  return [
    '| Image | Outcome | AMI | Name | Region | Architecture | Time |',
    '|---|---|---|---|---|---|---|',
    ...images.map(({ name, outcome, imageId, amiName, region, architecture, history }) =>
      [
        '',
        text(name),
        `${marks[outcome]} ${outcome}`,
        imageId === null ? '-' : code(imageId),
        text(amiName ?? '-'),
        text(region),
        text(architecture),
        history ? formatSeconds(history.seconds) : '',
        '',
      ]
        .join(' | ')
        .trim(),
    ),
  ].join('\n');
}

/** What went wrong, and what the next run finds. */
function problemOf({ name, error, leftovers = [], outcome }: ImageResult): string[] {
  if (!error) return [];
  const found =
    leftovers.length > 0
      ? ` The next run finds ${leftovers.map(text).join(', ')}.`
      : outcome === 'interrupted'
        ? ' The account holds nothing of it yet: the next run starts from the work directory, where that is kept.'
        : '';
  return [
    `${marks[outcome]} ${text(name)}: ${code(error.code)}: ${text(error.message)} ${text(error.hint)}${found}`,
  ];
}

/** Every character that Markdown, HTML or a table gives a meaning to stands for itself. */
function text(value: string): string {
  return printable(value)
    .replace(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`)
    .replace(/[\\`*_{}[\]()#+\-.!|~@:]/g, '\\$&');
}

function code(value: string): string {
  return `<code>${text(value)}</code>`;
}

/** With a fence that is longer than any in it. */
function block(value: string): string {
  const longest = Math.max(2, ...[...value.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}yaml\n${value.trimEnd()}\n${fence}`;
}
