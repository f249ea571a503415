import type { RequestedImport } from '../config/import-request.ts';
import { UsageError } from '../errors/cli-error.ts';
import { confirmed } from '../janitor/confirm.ts';
import type { Given } from '../options/given.ts';
import { goesToAllRegions, type PublishFlags } from '../pipeline/publish/means.ts';
import type { CommonSettings } from '../settings.ts';
import { isInteractive, type Terminal } from '../terminal/ask-line.ts';

/**
 * What the command line says of publishing. Copies to every region are confirmed: elsewhere than in a terminal by `--yes`, whether or
 * not there is anything to copy, and in a terminal also by an answer, where there is.
 *
 * @throws UsageError `NOT_CONFIRMED`
 */
export function publishFlagsOf({
  given,
  requests,
  terminal,
  settings: { signal },
}: {
  readonly given: Pick<Given, 'value'>;
  readonly requests: readonly RequestedImport[];
  readonly terminal: Terminal;
  readonly settings: Pick<CommonSettings, 'signal'>;
}): PublishFlags {
  const asks = !given.value('yes') && requests.some(goesToAllRegions);
  if (asks && !isInteractive(terminal)) {
    throw new UsageError('NOT_CONFIRMED', 'regions: all asks for confirmation, which needs a terminal', {
      hint: 'Add --yes to copy to every region without asking.',
    });
  }
  return {
    revoke: given.value('apply') ?? false,
    force: given.value('force') ?? false,
    ...(asks && { confirm: (question: string) => confirmed(question, terminal, signal) }),
  };
}
