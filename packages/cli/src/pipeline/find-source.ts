import { findImage } from '@ec2-image/fetch';
import { redactUrl } from '@ec2-image/redact';
import { architectureOf, architecturesIn, fileNamesOf } from '../config/architecture.ts';
import type { ImportRequest, RequestedImport } from '../config/import-request.ts';
import { openTrust } from '../config/trust.ts';

/**
 * The request once it is known which file the image is: that of a URL as it is, and otherwise the newest one in the
 * publisher's index. What was found is told.
 *
 * @throws FetchError, UsageError
 */
export async function findSource(
  request: RequestedImport,
  { signal, onNotice }: { readonly signal: AbortSignal; readonly onNotice: (message: string) => void },
): Promise<ImportRequest> {
  const { urls, checksum, wanted, architecture, trustSettings } = request;
  if (!wanted) return { ...request, urls: urls!, checksum: checksum! };
  const found = await findImage({
    wanted: wanted.image,
    architecture,
    fits: (name) => isOf(architecture, name),
    allowInsecure: request.allowInsecureChecksum,
    signal,
    onNotice,
  });
  architectureOf({ given: architecture, names: fileNamesOf(found.urls[0]!) });
  const checksumUrl = wanted.checksumUrl ?? found.checksumUrl;
  if (!checksum && checksumUrl === undefined) throw new TypeError('an image was found without its checksum');
  const decided = checksum ?? { url: checksumUrl!, entry: wanted.checksumEntry };
  const shownChecksum = 'url' in decided ? `, checksum ${redactUrl(decided.url)}` : '';
  onNotice(`${redactUrl(wanted.shown)}: found ${redactUrl(found.urls[0]!)}${shownChecksum}`);
  const trust = await openTrust({
    trust: trustSettings && {
      ...trustSettings,
      signatureUrl: trustSettings.signatureUrl ?? found.signatureUrl,
    },
    urls: found.urls,
    checksum: decided,
  });
  return { ...request, urls: found.urls, checksum: decided, trust };
}

/** A name that says nothing of an architecture, or more than one thing, may be of any. */
function isOf(architecture: string, name: string): boolean {
  const [named, another] = architecturesIn(name);
  return named === undefined || another !== undefined || named === architecture;
}
