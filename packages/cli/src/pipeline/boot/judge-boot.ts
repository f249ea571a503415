import type { BootArchitecture, BootCode, BootLoader } from '@ec2-image/image-headers';
import { CliError } from '../../errors/cli-error.ts';
import type { FoundBoot } from '../../outcome.ts';

export interface JudgedBoot extends FoundBoot {
  /** Why an AMI of this architecture would never start. */
  readonly problem?: CliError;
  /** What is odd, and may still be right. */
  readonly warning?: string;
}

/** @param options.hasUefiData variables that may name a loader of any path */
export function judgeBoot(
  { hasEfiPartition, loaders, bios }: BootCode,
  {
    architecture,
    hasUefiData = false,
  }: { readonly architecture: BootArchitecture; readonly hasUefiData?: boolean },
): JudgedBoot {
  const loader = loaders.find((one) => isFor(one, architecture));
  // A BIOS is a part of x86_64 alone.
  const biosCode = architecture === 'x86_64' ? bios : undefined;
  const found = [loader?.path, biosCode].filter((one) => one !== undefined).join(' and ');
  if (loader) return { finding: biosCode ? 'uefi-preferred' : 'uefi', reason: found };

  const missing = whyNoLoader({ hasEfiPartition, loaders, architecture });
  const other = loaders.find(({ machine }) => machine !== undefined && machine !== architecture);
  const finding = biosCode ? 'legacy-bios' : 'none';
  const reasons = [biosCode, ...(biosCode && !hasEfiPartition ? [] : [missing])];
  const judged = { finding, reason: reasons.filter((one) => one !== undefined).join('; ') } as const;
  if (other) return { ...judged, problem: mismatch(other, architecture) };
  if (architecture === 'arm64' && !hasUefiData) return { ...judged, problem: noLoader(missing) };
  return biosCode && !hasEfiPartition ? judged : { ...judged, warning: missing };
}

/** Both say so: firmware looks for the name, and runs only a program of its own machine. */
function isFor({ path, machine }: BootLoader, architecture: BootArchitecture): boolean {
  return machine === architecture && path.endsWith(architecture === 'x86_64' ? 'X64.EFI' : 'AA64.EFI');
}

function whyNoLoader({
  hasEfiPartition,
  loaders,
  architecture,
}: Omit<BootCode, 'bios'> & { readonly architecture: BootArchitecture }): string {
  if (!hasEfiPartition) return 'there is no EFI system partition';
  const [loader] = loaders;
  if (!loader) return 'the EFI system partition has no boot loader in \\EFI\\BOOT';
  if (loader.machine === undefined) return `${loader.path} is not an EFI program for x86_64 or arm64`;
  return `${loader.path} is for ${loader.machine}, not for ${architecture}`;
}

function mismatch({ path, machine }: BootLoader, architecture: BootArchitecture): CliError {
  return new CliError(
    'BOOT_LOADER_MISMATCH',
    `the disk's boot loader ${path} is for ${machine}, and arch is ${architecture}`,
    {
      hint: `Correct arch, or use the image for ${architecture}; --allow-unbootable imports it anyway.`,
      facts: { path, machine, architecture },
    },
  );
}

function noLoader(missing: string): CliError {
  return new CliError('NO_BOOT_LOADER', `the disk cannot boot on arm64: ${missing}`, {
    hint: 'Use an image with \\EFI\\BOOT\\BOOTAA64.EFI: arm64 boots by UEFI alone. --allow-unbootable imports it anyway.',
    facts: { missing },
  });
}
