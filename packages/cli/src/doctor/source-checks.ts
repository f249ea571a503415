import { probeImage, readChecksum } from '@ec2-image/fetch';
import { explain } from '../errors/explain.ts';
import { formatBytes } from '../render/format.ts';
import type { ImageSource } from './places.ts';
import { type CheckReport, check } from './report.ts';

/** That the image is where its URLs say, and its checksum is published. */
export function checkSource(
  { name, urls, checksumUrl, checksumEntry, allowInsecureChecksum }: ImageSource,
  signal: AbortSignal,
): Promise<CheckReport>[] {
  return [
    check(`image ${name}`, async () => {
      const ends = await Promise.all(
        urls.map((url) =>
          probeImage({ url, signal, maxAttempts: 2 }).then(
            (found) => ({ found }),
            (error: unknown) => ({ problem: explain(error) }),
          ),
        ),
      );
      signal.throwIfAborted();
      const found = ends.flatMap((end) => ('found' in end ? end.found : []));
      const problems = ends.flatMap((end) => ('problem' in end ? end.problem : []));
      const size = found.find(({ sizeBytes }) => sizeBytes !== undefined)?.sizeBytes;
      const [problem] = problems;
      if (!problem) return { state: 'ok', detail: size === undefined ? 'there' : formatBytes(size) };
      return {
        // A mirror that is down is passed over.
        state: found.length > 0 ? 'warning' : 'failed',
        detail: problem.message,
        hint: problem.hint,
      };
    }),
    ...(checksumUrl === undefined
      ? []
      : [
          check(`checksum of ${name}`, async () => {
            const { digest } = await readChecksum({
              url: checksumUrl,
              imageUrl: urls,
              entry: checksumEntry,
              allowInsecure: allowInsecureChecksum,
              signal,
              maxAttempts: 2,
            });
            return { state: 'ok', detail: digest };
          }),
        ]),
  ];
}
