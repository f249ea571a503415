import type { ImageSettings } from '../options/table.ts';
import { tagsOf } from './check-image.ts';
import { type RequestedVolumes, volumesOf } from './devices.ts';
import { label, located, type Origin } from './origin.ts';
import type { Setting } from './s3-settings.ts';

/** What the AMI is to be. What is undefined may be anything, and is left to EC2 in a new one. */
export interface AmiSettings extends RequestedVolumes {
  readonly description?: string;
  readonly bootMode?: NonNullable<ImageSettings['boot-mode']>;
  readonly tpm?: NonNullable<ImageSettings['tpm']>;
  readonly imds?: NonNullable<ImageSettings['imds']>;
  /** Base64. */
  readonly uefiData?: string;
  readonly deregistrationProtection?: NonNullable<ImageSettings['deregistration-protection']>;
  /** No other AMI of the account is to have its snapshot. */
  readonly ownSnapshot: boolean;
  /** Of AMI, snapshot and import task. */
  readonly tags: Readonly<Record<string, string>>;
  /** Of the AMI alone. */
  readonly amiTags: Readonly<Record<string, string>>;
  /** Of the snapshot alone. */
  readonly snapshotTags: Readonly<Record<string, string>>;
}

/**
 * The settings of the AMI, checked together as far as they alone decide.
 *
 * @throws UsageError `BOOT_MODE_UNSUPPORTED`, `TPM_WITHOUT_UEFI`, `UEFI_DATA_UNUSED`, `BAD_VOLUME`, `BAD_DEVICE`,
 *   `DUPLICATE_DEVICE`, `BAD_OPTION`, `RESERVED_TAG`, `TOO_MANY_TAGS`
 */
export function amiSettingsOf(
  setting: Setting,
  { architecture, via }: { readonly architecture: 'x86_64' | 'arm64'; readonly via: 's3' | 'ebs' },
  origin: Origin,
): AmiSettings {
  const firmware = {
    bootMode: setting('boot-mode'),
    tpm: setting('tpm'),
    uefiData: setting('uefi-data'),
  };
  checkFirmware(firmware, architecture, origin);
  const tags = { tag: setting('tag'), amiTag: setting('ami-tag'), snapshotTag: setting('snapshot-tag') };
  return {
    ...firmware,
    ...volumesOf(setting, origin),
    ...tagsOf(tags, { via, origin }),
    // Empty: as if the file gave none for other images.
    description: setting('description') || undefined,
    imds: setting('imds'),
    deregistrationProtection: setting('deregistration-protection'),
    ownSnapshot: setting('own-snapshot') ?? false,
  };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-boot.html and …/enable-nitrotpm-prerequisites.html */
function checkFirmware(
  { bootMode, tpm, uefiData }: Pick<AmiSettings, 'bootMode' | 'tpm' | 'uefiData'>,
  architecture: 'x86_64' | 'arm64',
  origin: Origin,
): void {
  const facts = { architecture, bootMode, tpm };
  if (architecture === 'arm64' && (bootMode === 'legacy-bios' || bootMode === 'uefi-preferred')) {
    throw located('BOOT_MODE_UNSUPPORTED', `${label(origin)}arm64 does not boot by ${bootMode}`, origin, {
      hint: 'Use uefi, auto, or leave boot-mode out: arm64 boots by UEFI alone.',
      facts,
    });
  }
  if (tpm === 'v2.0' && (architecture === 'arm64' || !(bootMode ?? 'auto').match(/^(?:auto|uefi)$/))) {
    const why = architecture === 'arm64' ? 'arm64 has no NitroTPM' : `boot-mode is ${bootMode}, not uefi`;
    throw located('TPM_WITHOUT_UEFI', `${label(origin)}tpm ${tpm}: ${why}`, origin, {
      hint:
        architecture === 'arm64'
          ? 'Leave tpm out: NitroTPM is for x86_64.'
          : 'Give boot-mode uefi, or auto, or leave tpm out.',
      facts,
    });
  }
  if (uefiData !== undefined && bootMode === 'legacy-bios') {
    throw located(
      'UEFI_DATA_UNUSED',
      `${label(origin)}uefi-data is given with boot-mode ${bootMode}`,
      origin,
      {
        hint: 'Leave uefi-data out, or use another boot-mode: a BIOS does not read UEFI variables.',
        facts,
      },
    );
  }
}
