import { startProgram } from '../process/run-program.ts';
import { parsePercent } from './progress.ts';

export interface QemuImgOptions {
  readonly args: readonly string[];
  /** The largest file it may write, in bytes. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  /** From 0 to 1, where the arguments have `-p`. */
  readonly onFraction?: (fraction: number) => void;
}

export interface QemuImgResult {
  readonly exitCode: number;
  /** Its last few thousand characters. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Seen at its largest: 1.3 GiB of address space (40 MiB resident), most of it the stacks of its threads.
 * A hostile image that asks for more gets an allocation error.
 */
const maxMemoryBytes = 4 * 1024 ** 3;
const maxStdoutLength = 8192;

/** @throws ConvertError `QEMU_IMG_MISSING`, `PROGRAM_KILLED` */
export async function runQemuImg(options: QemuImgOptions): Promise<QemuImgResult> {
  const { args, maxOutputBytes, signal, onFraction } = options;
  const program = await startProgram({
    name: 'qemu-img',
    args,
    limits: { memoryBytes: maxMemoryBytes, fileBytes: maxOutputBytes },
    signal,
  });
  program.stdin.end();
  let stdout = '';
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout = (stdout + text).slice(-maxStdoutLength);
    const fraction = parsePercent(stdout);
    if (fraction !== undefined) onFraction?.(fraction);
  });
  return { ...(await program.ended), stdout };
}
