import { UsageError } from '../errors/cli-error.ts';

/**
 * All that is wrong in one file as one error, with a line for each, in the order of the file.
 *
 * @param problems one or more, with the line and column in their facts
 */
export function inOneError(path: string, problems: readonly UsageError[]): UsageError {
  const [first, ...others] = problems.toSorted((a, b) => placeOf(a) - placeOf(b)) as [
    UsageError,
    ...UsageError[],
  ];
  if (others.length === 0) return first;
  const lines = [first, ...others].map(({ message }) => `  ${message}`);
  return new UsageError(first.code, `${path}: ${lines.length} errors\n${lines.join('\n')}`, {
    hint: first.hint.replace(/that line\b/, 'those lines'),
    facts: first.facts,
  });
}

function placeOf({ facts }: UsageError): number {
  const { line = 1, column = 1 } = facts as { readonly line?: number; readonly column?: number };
  return line * 1e6 + column;
}
