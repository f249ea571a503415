import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.ts';

/**
 * A directory for PATH with an `aws` that goes to `AWS_ENDPOINT_URL`: Debian's release of the command does not know that
 * variable.
 */
export async function stockAwsDirectory(): Promise<string> {
  const directory = await temporaryDirectory('aws');
  const path = join(directory, 'aws');
  const others = `'${process.env.PATH?.replaceAll("'", "'\\''")}'`;
  await writeFile(path, `#!/bin/sh\nPATH=${others}\nexec aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n`);
  await chmod(path, 0o755);
  return directory;
}
