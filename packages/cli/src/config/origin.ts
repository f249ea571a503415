import type { ErrorCode } from '@ec2-image/explained-error';
import { UsageError } from '../errors/cli-error.ts';
import type { ConfigFile } from './read-config.ts';

/** Where an image is described: in a file, at a path of keys; or, of neither, on the command line. */
export interface Origin {
  readonly file?: ConfigFile;
  readonly path?: readonly string[];
}

/** What is wrong with an image, with the line that describes it. */
export function located(
  code: ErrorCode,
  message: string,
  origin: Origin,
  { hint, facts }: { readonly hint: string; readonly facts?: Readonly<Record<string, unknown>> },
): UsageError {
  const at = origin.file?.positionOf(...(origin.path ?? []));
  return new UsageError(code, message, {
    hint,
    facts: { ...facts, ...(origin.file && { path: origin.file.path, ...at }) },
  });
}

export function label({ file, path = [] }: Origin): string {
  return file ? `${file.path}:${file.lineOf(...path) ?? 1}: ${path.join('.')}: ` : '';
}
