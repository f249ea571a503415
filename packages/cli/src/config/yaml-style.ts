import { stringify, type ToStringOptions } from 'yaml';

/** How a file is written, so that what is added to it looks as if its author had. */
export interface YamlStyle {
  readonly lineEnd: string;
  /** Spaces of one level. */
  readonly step: number;
  /** The whole file is JSON, which has neither comments nor plain text. */
  readonly isJson: boolean;
  /** Entries as lines of a block mapping, the last without its end. */
  lines(entries: Readonly<Record<string, unknown>>, indent: number): string;
  /** A value on one line: `flow` where braces or brackets are around it, `json` where its neighbours are JSON. */
  inline(value: unknown, where: 'block' | 'flow' | 'json'): string;
}

export function styleOf(source: string): YamlStyle {
  const lineEnd = /\r?\n/.exec(source)?.[0] ?? '\n';
  const step = /^( {1,8})[^\s#-]/m.exec(source)?.[1]?.length ?? 2;
  const options: ToStringOptions = {
    lineWidth: 0,
    indent: step,
    indentSeq: !/^( *)[^\s#-][^#\n]*:[ \t]*(?:#.*)?\r?\n\1- /m.test(source),
    flowCollectionPadding: !/[{[][^\s{[\]}]/.test(source.replaceAll('${', '')),
    blockQuote: false,
    doubleQuotedAsJSON: true,
  };
  return {
    lineEnd,
    step,
    isJson: isJson(source),
    lines: (entries, indent) =>
      stringify(entries, options)
        .trimEnd()
        .split('\n')
        .map((line) => ' '.repeat(indent) + line)
        .join(lineEnd),
    inline(value, where) {
      if (where === 'json') return jsonOnOneLine(value);
      if (where === 'block' && (typeof value !== 'object' || value === null))
        return stringify({ k: value }, options).slice('k:'.length).trim();
      return stringify([value], { ...options, collectionStyle: 'flow' })
        .trim()
        .slice(1, -1)
        .trim();
    },
  };
}

/** A comment behind a value; nothing where there is none. */
export function commentText(comment: string | undefined): string {
  return comment === undefined ? '' : ` # ${comment}`;
}

function isJson(source: string): boolean {
  try {
    return typeof JSON.parse(source.replace(/^\uFEFF/, '')) === 'object';
  } catch {
    return false;
  }
}

/** Only what stands between the tokens has line ends: in a string they are escaped. */
function jsonOnOneLine(value: unknown): string {
  return JSON.stringify(value, null, 1)
    .replace(/([{[])\n\s*/g, '$1')
    .replace(/\n\s*([}\]])/g, '$1')
    .replace(/,\n\s*/g, ', ');
}
