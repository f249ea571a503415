import { FetchError } from './errors.ts';

const codes: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE']);

/**
 * @param options.purpose such as `to read https://host/disk`, as it may be shown
 * @returns a FetchError `TOO_MANY_OPEN_FILES`, or undefined where `cause` is something else than a lack of descriptors
 */
export function tooManyOpenFiles(
  cause: Error,
  { purpose, facts = {} }: { readonly purpose: string; readonly facts?: Readonly<Record<string, unknown>> },
): FetchError | undefined {
  const reason = (cause as NodeJS.ErrnoException).code;
  if (!codes.has(reason)) return undefined;
  return new FetchError('TOO_MANY_OPEN_FILES', `too many open files on this machine ${purpose}`, {
    hint: 'Raise the limit (`ulimit -n 4096`), or import fewer images at a time; then run the same command again.',
    cause,
    facts: { ...facts, reason },
  });
}
