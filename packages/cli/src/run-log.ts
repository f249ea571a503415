import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { redactText } from '@ec2-image/redact';
import type { AwsCall } from './clients.ts';
import { CliError } from './errors.ts';
import { version } from './version.ts';

/** What happened, for `--verbose` and `--log-file`. Everything written passes redaction. */
export interface RunLog {
  /** False where nobody listens, so that nothing need be measured. */
  readonly enabled: boolean;
  call(call: AwsCall): void;
  event(kind: string, facts: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/** @throws CliError `LOG_FILE` */
export async function openRunLog({
  path,
  verbose,
  stream,
}: {
  readonly path?: string;
  readonly verbose: boolean;
  readonly stream: Writable;
}): Promise<RunLog> {
  const file = path === undefined ? undefined : createWriteStream(path, { flags: 'a', mode: 0o600 });
  if (file) {
    await once(file, 'open').catch((cause: Error) => {
      throw new CliError('LOG_FILE', `cannot write the log ${path}: ${cause.message}`, {
        hint: 'Name another --log-file.',
        cause,
      });
    });
  }
  // A full disk under the log loses the log, and not the run.
  let lost = false;
  file?.on('error', (error) => {
    if (!lost) stream.write(`cannot write to the log ${path}: ${error.message}; continuing without it\n`);
    lost = true;
  });
  const write = (kind: string, facts: object) => {
    if (lost) return;
    file?.write(`${redactText(JSON.stringify({ time: new Date().toISOString(), kind, ...facts }))}\n`);
  };
  write('start', { version, node: process.version, platform: `${process.platform}-${process.arch}` });
  return {
    enabled: verbose || file !== undefined,
    call(call) {
      write('call', call);
      if (verbose) stream.write(`${renderCall(call)}\n`);
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

function renderCall({ service, operation, seconds, attempt, status, requestId, error }: AwsCall): string {
  const outcome = error ? `${status ?? 'no answer'} ${error}` : String(status ?? '');
  return `aws: ${service} ${operation} ${outcome} ${Math.round(seconds * 1000)} ms${attempt > 1 ? `, attempt ${attempt}` : ''}${requestId ? `, request ${requestId}` : ''}`;
}
