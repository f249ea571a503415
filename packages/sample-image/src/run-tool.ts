import { delimiter } from 'node:path';
import { ExecaError, execa } from 'execa';
import { SampleImageError } from './errors.ts';

/** Where each tool comes from: Debian's package, and Fedora's where it has another name. */
const packages = {
  debugfs: 'e2fsprogs',
  mke2fs: 'e2fsprogs',
  'qemu-img': 'qemu-utils (Fedora: qemu-img)',
  sfdisk: 'fdisk (Fedora: util-linux)',
  xz: 'xz-utils (Fedora: xz)',
};

export type Tool = keyof typeof packages;

interface RunToolOptions {
  readonly args: readonly string[];
  /** Text for its standard input; none when left out. */
  readonly input?: string;
  /** The file that takes its standard output. */
  readonly outputFile?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs a tool to its end.
 *
 * @throws SampleImageError `TOOL_MISSING`, `TOOL_FAILED`; after an abort, the signal's reason
 */
export async function runTool(tool: Tool, options: RunToolOptions): Promise<void> {
  const { args, input, outputFile, env, signal } = options;
  signal?.throwIfAborted();
  try {
    await execa(tool, args, {
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
      ...(outputFile === undefined ? {} : { stdout: { file: outputFile } }),
      // Debian keeps sfdisk and mke2fs off an ordinary user's PATH.
      env: { ...env, LC_ALL: 'C', PATH: [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) },
      cancelSignal: signal,
    });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    if (error.isCanceled) throw signal!.reason;
    if (error.code === 'ENOENT') {
      throw new SampleImageError('TOOL_MISSING', `the program ${tool} is not installed`, {
        hint: `Install the package ${packages[tool]}.`,
        cause: error,
        facts: { tool },
      });
    }
    throw new SampleImageError('TOOL_FAILED', `${tool} failed: ${error.stderr || error.shortMessage}`, {
      hint: 'Check its message; a full disk is the most likely cause.',
      cause: error,
      facts: { tool, exitCode: error.exitCode },
    });
  }
}
