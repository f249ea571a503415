import type { Writable } from 'node:stream';
import { writeJson } from '../documents/json-text.ts';
import type { RunLog } from '../run-log.ts';
import { plainText } from './messages.ts';

/** What a command came to, in the forms in which it can be asked for. */
export interface Result {
  /** The one document of `--json`. */
  document(): object;
  /** `--quiet`: ids and nothing else. */
  ids(): readonly string[];
  /** For people. */
  text(): string;
}

/** How results are asked for, and where they go. */
export interface ResultOutput {
  readonly stdout: Writable;
  readonly json: boolean;
  /** stdout holds the events of the run log: the result is the last of them. */
  readonly events: boolean;
  readonly quiet: boolean;
  readonly log: RunLog;
}

/** The one place where a command's result goes to stdout. */
export async function writeResult(
  result: Result,
  { stdout, json, events, quiet, log }: ResultOutput,
): Promise<void> {
  if (log.enabled) log.event('result', { result: result.document() });
  if (events) return;
  if (json) {
    await writeJson(stdout, result.document());
    return;
  }
  const text = quiet ? result.ids().join('\n') : result.text();
  if (text !== '') stdout.write(`${plainText(text)}\n`);
}
