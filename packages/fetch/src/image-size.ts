import { redactUrl } from '@ec2-image/redact';
import { FetchError } from './errors.ts';
import { formatBytes } from './format-bytes.ts';

/** 64 GiB: far above what anybody publishes compressed, far below what a server that never ends could fill. */
export const defaultMaxSizeBytes = 64 * 2 ** 30;

export function tooLarge(url: URL, maxSizeBytes: number, sizeBytes?: number): FetchError {
  const shown = redactUrl(url);
  const what = sizeBytes === undefined ? 'sends' : `announces ${formatBytes(sizeBytes)},`;
  return new FetchError(
    'IMAGE_TOO_LARGE',
    `${shown} ${what} more than the ${formatBytes(maxSizeBytes)} allowed for an image`,
    {
      hint: 'Check the URL; if the image really is this large, download it yourself and give its local path.',
      facts: { url: shown, sizeBytes, maxSizeBytes },
    },
  );
}
