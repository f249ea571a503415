import { variableOf } from './option.ts';

/** Of a command line that could not be read, too: whoever parses the output wants the error in the same form. */
export function wants(
  form: 'json' | 'events',
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const variable = env[variableOf(form)] ?? '';
  return args.includes(`--${form}`) || (/^(true|1)$/i.test(variable) && !args.includes(`--no-${form}`));
}
