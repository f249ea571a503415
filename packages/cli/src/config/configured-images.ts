import { amiNameOf, datedAmiName } from '@ec2-image/provenance';
import { UsageError } from '../errors/cli-error.ts';
import { bootTestOf } from './boot-test.ts';
import { importRequests, type RequestedImport } from './import-request.ts';
import type { ConfigFile } from './read-config.ts';

/**
 * The image of the configuration whose AMI has this name, as the configuration is now: names are made and compared, since a
 * part of a name proves nothing. Undefined where none has it.
 *
 * @param options.shortDigest of the image, as far as a key has it
 */
export function imageNamed(
  amiName: string,
  { shortDigest, file }: { readonly shortDigest: string; readonly file: ConfigFile | undefined },
): string | undefined {
  return Object.keys(file?.config.images ?? {}).find((name) => {
    const request = asFarAsSet(() => importRequests({ flags: {}, names: [name], file })[0]);
    return request !== undefined && givesName(request, { amiName, shortDigest });
  });
}

function givesName(
  { name, suffix, architecture, amiNameTemplate }: RequestedImport,
  { amiName, shortDigest }: { readonly amiName: string; readonly shortDigest: string },
): boolean {
  const parts = { name, suffix: suffix ?? shortDigest, arch: architecture, digest: shortDigest };
  const dated = datedAmiName(parts, amiNameTemplate);
  return dated ? dated.test(amiName) : amiNameOf(parts, amiNameTemplate) === amiName;
}

/** Whether an import of this image tests that its AMI boots. */
export function isTested(name: string, file: ConfigFile | undefined): boolean {
  const images = file?.config.images ?? {};
  if (!Object.hasOwn(images, name)) return false;
  const setting = asFarAsSet(() => images[name]!['boot-test'] ?? file!.config['boot-test']);
  return bootTestOf(setting) !== undefined;
}

/** Undefined where the configuration lacks something, such as a variable that is not set: `status` needs none. */
function asFarAsSet<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
