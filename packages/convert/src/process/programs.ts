import { findProgram } from '@ec2-image/confined-process';
import { ConvertError, type ConvertErrorCode } from '../errors.ts';

interface Program {
  readonly code: ConvertErrorCode;
  readonly hint: string;
  /** The names of files that nobody reads without it. */
  readonly reads: RegExp;
}

/** The programs of others that read images here. */
const programs = {
  'qemu-img': {
    code: 'QEMU_IMG_MISSING',
    hint: 'Install it: `apt-get install qemu-utils` on Debian and Ubuntu, `dnf install qemu-img` on Fedora.',
    reads: /\.(?:qcow2|vmdk|vhdx?|ova)$/i,
  },
  xz: {
    code: 'XZ_MISSING',
    hint: 'Install it: `apt-get install xz-utils`, or `dnf install xz`.',
    reads: /\.t?xz$/i,
  },
  bzip2: {
    code: 'BZIP2_MISSING',
    hint: 'Install it: `apt-get install bzip2`, or `dnf install bzip2`.',
    reads: /\.t?bz2$/i,
  },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

export function missingProgram(name: ProgramName): ConvertError {
  const { code, hint } = programs[name];
  return new ConvertError(code, `the program ${name} is not installed`, { hint });
}

/**
 * Whether the program is installed that an image of this name takes, as far as a name tells: before anybody downloads it.
 *
 * @param fileName without what follows it in a URL
 * @throws ConvertError `QEMU_IMG_MISSING`, `XZ_MISSING`, `BZIP2_MISSING`
 */
export async function requireProgramFor(fileName: string): Promise<void> {
  for (const name of Object.keys(programs) as ProgramName[])
    if (programs[name].reads.test(fileName) && !(await findProgram(name))) throw missingProgram(name);
}
