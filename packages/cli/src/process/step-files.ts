import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';

type Environment = Readonly<Record<string, string | undefined>>;

/** The most that GitHub shows of a step's summary. */
const maxSummaryBytes = 1024 * 1024;

/** Appends Markdown to what GitHub shows on the run's page. Does nothing where the step has no summary. */
export async function appendStepSummary(markdown: string, env: Environment): Promise<void> {
  const path = env.GITHUB_STEP_SUMMARY;
  if (!path) return;
  const isTooLong = Buffer.byteLength(markdown) > maxSummaryBytes;
  await appendFile(path, isTooLong ? 'The summary is too long to be shown: see the log.\n' : `${markdown}\n`);
}

/** Sets what later steps read as `steps.<id>.outputs`. Does nothing elsewhere. */
export async function setStepOutputs(
  outputs: Readonly<Record<string, string>>,
  env: Environment,
): Promise<void> {
  const path = env.GITHUB_OUTPUT;
  if (!path) return;
  const lines = Object.entries(outputs).map(([name, value]) => {
    // No value can end itself.
    const end = randomUUID();
    return `${name}<<${end}\n${value}\n${end}\n`;
  });
  await appendFile(path, lines.join(''));
}
