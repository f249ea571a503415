import type { FetchError } from '@ec2-image/fetch';
import { UsageError } from '../errors/cli-error.ts';
import type { RequestedImport } from './import-request.ts';

/**
 * Whether an image and its checksum can be read, as far as they are local files. One mirror that may do is enough.
 *
 * @throws UsageError `LOCAL_FILE_UNREADABLE`, `BAD_URL`
 */
export async function checkLocalFiles({
  urls,
  checksum,
}: Pick<RequestedImport, 'urls' | 'checksum'>): Promise<void> {
  if (urls) await checkMirrors(urls);
  if (checksum && 'url' in checksum) await checkMirrors([checksum.url].flat());
}

async function checkMirrors(urls: readonly string[]): Promise<void> {
  const problems = await Promise.all(urls.map(problemOf));
  const [first] = problems;
  if (!first || problems.includes(undefined)) return;
  const { code, message, hint, facts } = first;
  throw new UsageError(code, message, { hint, facts, cause: first });
}

async function problemOf(url: string): Promise<FetchError | undefined> {
  // Loaded only where a command line is complete.
  const { openLocalImage } = await import('@ec2-image/fetch');
  // It is opened and not read: what it has to be does not matter yet.
  return openLocalImage({ url, digest: 'sha256:' }).then(
    () => undefined,
    (error: FetchError) => error,
  );
}
