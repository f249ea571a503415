import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { OutboundError } from './outbound-error.ts';

const certificate =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/**
 * The certificates of a file in PEM form.
 *
 * @param options.setBy what names the file, such as `AWS_CA_BUNDLE`
 * @throws OutboundError `CA_BUNDLE_UNUSABLE`
 */
export async function readCaBundle({
  path,
  setBy,
}: {
  readonly path: string;
  readonly setBy: string;
}): Promise<readonly string[]> {
  const unusable = (why: string, cause?: unknown) =>
    new OutboundError('CA_BUNDLE_UNUSABLE', `cannot use the certificates of ${path} (${setBy}): ${why}`, {
      hint: `Set ${setBy} to a file of PEM certificates, or remove it.`,
      cause,
      facts: { path, setBy },
    });
  const text = await readFile(path, 'latin1').catch((cause: NodeJS.ErrnoException) => {
    throw unusable(reasons[cause.code ?? ''] ?? cause.message, cause);
  });
  const found = text.match(certificate) ?? [];
  if (found.length === 0) throw unusable('there is no PEM certificate in it');
  for (const [index, pem] of found.entries()) {
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw unusable(`certificate ${index + 1} of ${found.length} is malformed`, cause);
    }
  }
  return found;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read',
};

/** Those of a bundle in place of the usual ones, as the AWS CLI has it, and those that NODE_EXTRA_CA_CERTS adds to either. */
export function trustOnly(bundle: readonly string[]): string[] {
  return [...bundle, ...getCACertificates('extra')];
}
