import type { ConvertProgress } from '@ec2-image/convert';
import type { ImageRun } from './run.ts';

/** What every conversion of this run's image is given. */
export function conversionOptions({ request, directory, view, notice }: ImageRun) {
  return {
    format: request.format,
    converter: request.converter,
    output: directory.diskPath(request.format),
    maxDiskSize: request.maxDiskSizeBytes,
    decompressionMemoryBytes: request.decompressionMemoryBytes,
    allowUnbootable: request.allowUnbootable,
    onNotice: notice,
    onProgress({ stage, done, total }: ConvertProgress) {
      const note = stage === 'decompress' ? 'decompressing' : undefined;
      view.progress(request.name, { done, total, unit: 'bytes', note });
    },
  };
}
