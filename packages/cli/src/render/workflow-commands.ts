import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { printable, redactText } from '@ec2-image/redact';

export type AnnotationLevel = 'error' | 'warning';

/**
 * What GitHub Actions makes of a step's log. Names, messages and consoles of others are in that log, and the runner obeys a
 * command in any line of either output: so it is told to obey none but those that are written here.
 */
export interface WorkflowCommands extends Disposable {
  /** What is written until the end of the group is folded. */
  group(title: string): Disposable;
  /** Shown on the run's page. Written when this is disposed of, after everything that they are about. */
  annotate(level: AnnotationLevel, annotation: { readonly title: string; readonly message: string }): void;
}

/** Undefined elsewhere than in a step of GitHub Actions. */
export function openWorkflowCommands({
  stderr,
  env,
}: {
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}): WorkflowCommands | undefined {
  if (env.GITHUB_ACTIONS !== 'true') return undefined;
  const annotations: string[] = [];
  let token = stopCommands(stderr);
  const obeyed = (lines: readonly string[]) => {
    stderr.write([`::${token}::`, ...lines, ''].join('\n'));
    token = stopCommands(stderr);
  };
  return {
    group(title) {
      obeyed([`::group::${escapeData(title)}`]);
      return { [Symbol.dispose]: () => obeyed(['::endgroup::']) };
    },
    annotate(level, { title, message }) {
      annotations.push(`::${level} title=${escapeProperty(title)}::${escapeData(message)}`);
    },
    [Symbol.dispose]() {
      stderr.write([`::${token}::`, ...annotations, ''].join('\n'));
    },
  };
}

/** @returns the word that alone ends it, which nobody can know before */
function stopCommands(stderr: Writable): string {
  const token = randomUUID();
  stderr.write(`::stop-commands::${token}\n`);
  return token;
}

/** As https://github.com/actions/toolkit escapes it. */
function escapeData(text: string): string {
  return shown(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function shown(text: string): string {
  return redactText(text)
    .split('\n')
    .map((line) => printable(line))
    .join('\n');
}
