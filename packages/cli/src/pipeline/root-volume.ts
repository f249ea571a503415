import { badVolumeHint, defaultRootDevice, defaultVolumeType } from '../config/devices.ts';
import type { ImportRequest } from '../config/import-request.ts';
import { whyNotVolume } from '../config/volume-rules.ts';
import { CliError } from '../errors/cli-error.ts';

/**
 * Whether the disk fits the root volume that is asked for: as soon as its size is known, and in any case before the AMI
 * is registered.
 *
 * @throws CliError `VOLUME_TOO_SMALL`, `BAD_VOLUME`
 */
export function requireRootVolume(
  { ami }: Pick<ImportRequest, 'ami'>,
  { diskBytes }: { readonly diskBytes: number },
): void {
  const diskGiB = Math.ceil(diskBytes / 2 ** 30);
  const { rootDevice: device = defaultRootDevice, rootVolume } = ami;
  const { sizeGiB = diskGiB, type = defaultVolumeType } = rootVolume;
  if (sizeGiB < diskGiB) {
    throw new CliError('VOLUME_TOO_SMALL', `volume-size is ${sizeGiB} GiB, and the disk has ${diskGiB} GiB`, {
      hint: `Give a volume-size of at least ${diskGiB}, or leave it out.`,
      facts: { device, sizeGiB, diskGiB },
    });
  }
  const reason = whyNotVolume({ ...rootVolume, sizeGiB, type }, { isRoot: true });
  if (reason === undefined) return;
  throw new CliError('BAD_VOLUME', `${device}: ${reason}`, {
    hint: badVolumeHint,
    facts: { device, ...rootVolume, sizeGiB, type, diskGiB },
  });
}
