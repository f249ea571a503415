import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { redactText } from '@ec2-image/redact';
import type { AwsCall } from './aws/observe-calls.ts';
import { UsageError } from './errors/cli-error.ts';
import { version } from './version.ts';

/** What happened, for `--verbose`, `--log-file` and `--events`. Everything written passes redaction. */
export interface RunLog {
  /** False where nobody listens, so that nothing need be measured. */
  readonly enabled: boolean;
  call(call: AwsCall): void;
  event(kind: string, facts: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/** @throws UsageError `LOG_FILE` */
export async function openRunLog({
  path,
  verbose,
  say,
  events,
}: {
  readonly path?: string;
  readonly verbose: boolean;
  /** Shows a line to people. */
  readonly say: (line: string) => void;
  /** Where `--events` sends the log, too. */
  readonly events?: Writable;
}): Promise<RunLog> {
  const file = path === undefined ? undefined : createWriteStream(path, { flags: 'a', mode: 0o600 });
  if (file) {
    await once(file, 'open').catch((cause: Error) => {
      throw new UsageError('LOG_FILE', `cannot write the log ${path}: ${cause.message}`, {
        hint: 'Name another --log-file.',
        cause,
      });
    });
  }
  // A full disk under the log loses the log, and not the run.
  let lost = false;
  file?.on('error', (error) => {
    if (!lost) say(`cannot write to the log ${path}: ${error.message}; continuing without it`);
    lost = true;
  });
  const write = (kind: string, facts: object) => {
    if (!file && !events) return;
    const line = eventLine(kind, facts);
    if (!lost) file?.write(line);
    events?.write(line);
  };
  write('start', { version, node: process.version, platform: `${process.platform}-${process.arch}` });
  return {
    enabled: verbose || file !== undefined || events !== undefined,
    call(call) {
      write('call', call);
      if (verbose) say(renderCall(call));
    },
    event: (kind, facts) => write(kind, facts),
    async close() {
      if (!file || file.closed) return;
      const closed = new Promise<void>((resolve) => file.once('close', resolve));
      file.end();
      await closed;
    },
  };
}

/** One line of the log. */
export function eventLine(kind: string, facts: object): string {
  return `${redactText(JSON.stringify({ time: new Date().toISOString(), kind, ...facts }))}\n`;
}

function renderCall({ service, operation, seconds, attempt, status, requestId, error }: AwsCall): string {
  const outcome = error ? `${status ?? 'no answer'} ${error}` : String(status ?? '');
  return `aws: ${service} ${operation} ${outcome} ${Math.round(seconds * 1000)} ms${attempt > 1 ? `, attempt ${attempt}` : ''}${requestId ? `, request ${requestId}` : ''}`;
}
