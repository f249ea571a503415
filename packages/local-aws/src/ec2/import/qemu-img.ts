import type { VhdSizeRule } from '@ec2-image/image-headers';
import { execa } from 'execa';
import type { DiskFormat } from './import-task.ts';

/** qemu's drivers for what is validated before; RAW needs none. */
const drivers: Readonly<Record<Exclude<DiskFormat, 'RAW'>, string>> = {
  VHD: 'vpc',
  VHDX: 'vhdx',
  VMDK: 'vmdk',
};

/**
 * Writes the disk inside `input` to a sparse raw file.
 *
 * @param options.onProgress percent
 * @throws execa's error where qemu-img cannot read it, or is not there (`code: ENOENT`)
 */
export async function convertToRaw({
  input,
  format,
  vhdSizeRule,
  output,
  signal,
  onProgress,
}: {
  input: string;
  format: Exclude<DiskFormat, 'RAW'>;
  /** Of a VHD, whose size the versions of qemu-img do not agree on. */
  vhdSizeRule?: VhdSizeRule;
  output: string;
  signal: AbortSignal;
  onProgress: (percent: number) => void;
}): Promise<void> {
  const sizeRule = vhdSizeRule ? `,force_size_calc=${vhdSizeRule}` : '';
  const source = `driver=${drivers[format]}${sizeRule},file.driver=file,file.filename=${input.replaceAll(',', ',,')}`;
  const qemuImg = execa('qemu-img', ['convert', '-p', '--image-opts', '-O', 'raw', source, output], {
    cancelSignal: signal,
    stdin: 'ignore',
    buffer: { stdout: false },
  });
  qemuImg.stdout.on('data', (text: Buffer) => {
    const percent = /\(([\d.]+)\/100%\)/.exec(text.toString())?.[1];
    if (percent !== undefined) onProgress(Number(percent));
  });
  await qemuImg;
}

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Where a raw file holds data that is not known to be zeros. */
export async function dataExtents(path: string, signal?: AbortSignal): Promise<Extent[]> {
  const { stdout } = await execa('qemu-img', ['map', '-f', 'raw', '--output=json', path], {
    cancelSignal: signal,
    stdin: 'ignore',
    maxBuffer: 1024 ** 3,
  });
  const map = JSON.parse(stdout) as { start: number; length: number; data: boolean; zero: boolean }[];
  return map.flatMap(({ start, length, data, zero }) => (data && !zero ? [{ offset: start, length }] : []));
}
