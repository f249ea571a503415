import { probeImage, readChecksum } from '@ec2-image/fetch';
import type { Clouds } from '../aws/clouds.ts';
import { explain } from '../errors/explain.ts';
import { formatBytes } from '../render/format.ts';
import type { ImageSource } from './places.ts';
import { type CheckReport, check } from './report.ts';

/** That the image is where its URLs say, and its checksum is published. */
export function checkSource(
  { name, urls, checksumUrl, checksumEntry, allowInsecureChecksum, session }: ImageSource,
  { signal, clouds }: { readonly signal: AbortSignal; readonly clouds: Clouds },
): Promise<CheckReport>[] {
  const isOfS3 = [...urls, checksumUrl ?? ''].some((url) => /^\s*s3:/i.test(url));
  const credentials = async () => (isOfS3 ? { signS3: (await clouds.open(session)).signS3 } : {});
  return [
    check(`image ${name}`, async () => {
      const signing = await credentials();
      const ends = await Promise.all(
        urls.map((url) =>
          probeImage({ ...signing, url, signal, maxAttempts: 2 }).then(
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
              ...(await credentials()),
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
