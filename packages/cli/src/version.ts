import { readFileSync } from 'node:fs';

/** Of the package: what `--version` prints and `ec2-image:version` records. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
