import { createRequire } from 'node:module';

/** Of the package: what `--version` prints and `ec2-image:version` records. */
export const version: string = (createRequire(import.meta.url)('../package.json') as { version: string })
  .version;
