import type { BaseContext } from 'clipanion';
import { exitCodeOf } from './errors.ts';
import type { ExitCode } from './exit-code.ts';
import { explain } from './explain.ts';
import type { CommandName } from './options/commands.ts';
import { renderError } from './render/error.ts';
import { failedImportDocument } from './render/import-report.ts';

/** The run as a whole could not start, or broke: said on stderr, and as the one document where JSON was asked for. */
export function reportFatal(
  error: unknown,
  {
    context,
    json,
    command,
    verbose = false,
  }: {
    readonly context: BaseContext;
    readonly json: boolean;
    /** Undefined where the command line named none that there is. */
    readonly command?: CommandName;
    readonly verbose?: boolean;
  },
): ExitCode {
  const explained = explain(error);
  context.stderr.write(`${renderError(explained)}\n`);
  if (verbose && error instanceof Error && error.stack) context.stderr.write(`${error.stack}\n`);
  if (json) {
    const document =
      command === 'import'
        ? failedImportDocument(explained)
        : { version: 1, ...(command !== undefined && { [command]: null }), error: explained };
    context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  return exitCodeOf(error);
}
