import { CliError } from '../errors/cli-error.ts';

/** Of what was sent while the image arrived. */
export function notAsPlanned(): CliError {
  return new CliError('DISK_DIFFERS', 'the disk as planned during the download is not that of the image', {
    hint: 'Run the same command again; if it recurs, use --converter qemu-img.',
  });
}
