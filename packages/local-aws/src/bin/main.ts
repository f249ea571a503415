import { openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { CallRecord } from '../calls.ts';
import { LocalAwsError } from '../errors.ts';
import { parseFaultFile } from '../faults/parse-rule.ts';
import { startLocalAws } from '../start-local-aws.ts';
import { parseArguments, usage } from './arguments.ts';

/** Serves until SIGTERM or SIGINT; a second signal ends it on the spot. The exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const { help, options, faultFile, logFile } = parseArguments(argv);
    if (help) {
      process.stdout.write(usage);
      return 0;
    }
    const server = await startLocalAws({
      ...options,
      ...(faultFile !== undefined && { faults: parseFaultFile(await readFile(faultFile, 'utf8')) }),
      ...(logFile !== undefined && { log: openLog(logFile) }),
    });
    process.stdout.write(`${server.url}\n`);
    await firstSignal();
    await server.close();
    return 0;
  } catch (error) {
    const hint = error instanceof LocalAwsError ? ` ${error.hint}` : '';
    process.stderr.write(`local-aws: ${(error as Error).message}.${hint}\n`);
    return error instanceof LocalAwsError && error.code === 'COMMAND_LINE_INVALID' ? 2 : 1;
  }
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    // `once` hands the second one back to Node, whose answer is to end the process.
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

function openLog(path: string): (record: CallRecord) => void {
  const file = path === '-' ? 2 : openSync(path, 'a');
  return (record) => void writeSync(file, `${JSON.stringify(record)}\n`);
}
