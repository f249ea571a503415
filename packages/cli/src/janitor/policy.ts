import { defaultPolicy, type Policy } from '@ec2-image/janitor';
import { UsageError } from '../errors.ts';
import { parseSeconds } from '../quantities.ts';

export interface PolicyFlags {
  readonly olderThan?: string;
  readonly keepTags?: readonly string[];
  readonly keepSuffixes?: readonly string[];
  readonly amis?: readonly string[];
  readonly superseded: boolean;
}

/** @throws UsageError `BAD_OPTION` */
export function policyOf(flags: PolicyFlags, names: readonly string[]): Policy {
  return {
    olderThanMs: flags.olderThan === undefined ? defaultPolicy.olderThanMs : ageOf(flags.olderThan),
    keepTags: (flags.keepTags ?? []).map(keepTagOf),
    keepSuffixes: flags.keepSuffixes ?? [],
    amis: (flags.amis ?? []).map(amiIdOf),
    superseded: flags.superseded,
    names,
  };
}

export function keepTagOf(text: string): Policy['keepTags'][number] {
  const at = text.indexOf('=');
  if (text === '' || at === 0) {
    throw badOption('--keep-tag', text, 'expected KEY or KEY=VALUE');
  }
  return at < 0 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) };
}

/** A number of things: 0 is one, too. */
export function maxDeletesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badOption('--max-deletes', text, 'expected a number');
  return Number(text);
}

function ageOf(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds === undefined) throw badOption('--older-than', text, 'expected a time such as 90m, 24h or 7d');
  return seconds * 1000;
}

export function amiIdOf(text: string): string {
  if (!/^ami-[0-9a-f]{8,17}$/.test(text))
    throw badOption('--ami', text, "expected an AMI's id, such as ami-0123456789abcdef0");
  return text;
}

function badOption(option: string, value: string, problem: string): UsageError {
  return new UsageError('BAD_OPTION', `${option} ${value}: ${problem}`, {
    hint: 'See --help for what the option takes.',
    facts: { option },
  });
}
