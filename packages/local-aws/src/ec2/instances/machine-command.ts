import { access } from 'node:fs/promises';
import type { MachineFacts } from '../machine.ts';
import type { InstanceType } from './instance-types.ts';

/** A program with its package on Debian. */
export interface MachineProgram {
  readonly name: string;
  readonly debian: string;
}

export const machinePrograms: Readonly<Record<MachineFacts['architecture'], MachineProgram>> = {
  x86_64: { name: 'qemu-system-x86_64', debian: 'qemu-system-x86' },
  arm64: { name: 'qemu-system-aarch64', debian: 'qemu-system-arm' },
};

/** Where Debian and Fedora keep the firmware: code, and, where there is any, an empty store of variables. */
const uefiFirmware: Readonly<Record<MachineFacts['architecture'], readonly (readonly string[])[]>> = {
  x86_64: [
    ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
    ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
    ['/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'],
  ],
  arm64: [['/usr/share/AAVMF/AAVMF_CODE.fd'], ['/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw']],
};
export const uefiPackages = { x86_64: 'ovmf', arm64: 'qemu-efi-aarch64' } as const;

/** The files of the firmware that this system has; undefined where it has none. */
export async function findUefi(
  architecture: MachineFacts['architecture'],
): Promise<readonly string[] | undefined> {
  for (const files of uefiFirmware[architecture]) {
    const missing = await Promise.all(
      files.map((path) =>
        access(path).then(
          () => false,
          () => true,
        ),
      ),
    );
    if (!missing.includes(true)) return files;
  }
  return undefined;
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-boot.html */
export function firmwareOf(
  bootMode: string | undefined,
  { architecture, isNitro }: InstanceType,
): MachineFacts['firmware'] | undefined {
  if (architecture === 'arm64') return bootMode === 'legacy-bios' ? undefined : 'uefi';
  if (bootMode === 'uefi') return isNitro ? 'uefi' : undefined;
  return bootMode === 'uefi-preferred' && isNitro ? 'uefi' : 'bios';
}

export const memoryMiB = 512;
/** Of translated code; QEMU's own choice would be a GiB. */
const translationMiB = 64;

/** What QEMU is started with: no network, nothing of the user's configuration, and a console on standard output. */
export function machineArguments(
  { architecture, isNitro, diskPath }: MachineFacts,
  uefi: readonly string[] = [],
): string[] {
  const file = (path: string) => `file=${path.replaceAll(',', ',,')}`;
  const disk = isNitro ? 'nvme,serial=vol0,drive=root' : 'ide-hd,drive=root';
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    // SeaBIOS then writes to the serial port, as EC2's does.
    ...['-machine', architecture === 'x86_64' ? 'q35,graphics=off' : 'virt', '-cpu', 'max'],
    // Not KVM, which fails in its own ways inside other machines.
    ...['-accel', `tcg,tb-size=${translationMiB}`, '-m', String(memoryMiB)],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-serial', 'stdio', '-monitor', 'none'],
    ...uefi.flatMap((path, n) => [
      '-drive',
      `if=pflash,format=raw,${n === 0 ? 'readonly=on' : 'snapshot=on'},${file(path)}`,
    ]),
    ...['-drive', `if=none,id=root,format=raw,snapshot=on,${file(diskPath)}`, '-device', disk],
  ];
}

/** SeaBIOS jumps into anything with a signature: only what prints something is code. */
const startedByBios = /Booting from (?:Hard Disk|0000:7c00)[^\n]*\n\s*\S/;
const refusedByBios = /No bootable device|not a bootable disk|Boot failed/;
/** A shell or a menu is what firmware starts that has found nothing. */
const startedByUefi = /BdsDxe: starting Boot[0-9A-F]{4} "(?!EFI Internal Shell|UEFI Shell|UiApp)/;

/** Whether the firmware has handed over to something on the disk, as the console's text says. */
export function hasBooted(console: string): boolean {
  return startedByUefi.test(console) || (startedByBios.test(console) && !refusedByBios.test(console));
}
