import { invalidParameterCombination, invalidParameterValue } from '../errors.ts';

const maxUefiData = 64_000;

/**
 * What of architecture, virtualization and boot mode goes together.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-boot.html and …/launch-instance-boot-mode.html
 *
 * @throws ServiceError `InvalidParameterCombination` or `InvalidParameterValue`
 */
export function checkFirmware({
  architecture,
  virtualizationType,
  BootMode: bootMode,
  TpmSupport: tpmSupport,
  UefiData: uefiData,
  EnaSupport: enaSupport,
  SriovNetSupport: sriovNetSupport,
}: {
  architecture: string;
  virtualizationType: string;
  BootMode?: string;
  TpmSupport?: string;
  UefiData?: string;
  EnaSupport?: boolean;
  SriovNetSupport?: string;
}): void {
  if (architecture === 'arm64' && (bootMode === 'legacy-bios' || bootMode === 'uefi-preferred')) {
    throw invalidParameterCombination(
      `The boot mode ${bootMode} is not supported for the architecture arm64.`,
    );
  }
  if (tpmSupport !== undefined && (bootMode !== 'uefi' || architecture === 'arm64')) {
    throw invalidParameterCombination(
      'TpmSupport v2.0 is only supported with the boot mode uefi, and not for the architecture arm64.',
    );
  }
  const isUefi = bootMode === 'uefi' || bootMode === 'uefi-preferred';
  if (isUefi && architecture === 'i386') {
    throw invalidParameterCombination(
      `The boot mode ${bootMode} is not supported for the architecture i386.`,
    );
  }
  if (virtualizationType === 'paravirtual') {
    const needsHvm =
      (isUefi && 'BootMode') ||
      (enaSupport && 'EnaSupport') ||
      (sriovNetSupport && 'SriovNetSupport') ||
      (architecture === 'arm64' && 'arm64');
    if (needsHvm) {
      throw invalidParameterCombination(`${needsHvm} is only supported with the virtualization type hvm.`);
    }
  }
  if (uefiData !== undefined) checkUefiData(uefiData);
}

function checkUefiData(data: string): void {
  const isBase64 = data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(data);
  if (data.length > maxUefiData || !isBase64) {
    throw invalidParameterValue(`UefiData must be at most ${maxUefiData} characters of base64`);
  }
}
