import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../src/command-line.ts';
import { cliCommand } from './run-cli.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A directory for PATH with `ec2-image`, as it is published. */
export async function commandDirectory(): Promise<string> {
  const directory = await temporaryDirectory('bin');
  const script = `#!/bin/sh\nexec ${cliCommand.map(quote).join(' ')} "$@"\n`;
  await writeFile(join(directory, 'ec2-image'), script, { mode: 0o755 });
  return directory;
}
