import type { ConfigFile } from '../config/read-config.ts';
import { createManifestFile, type ManifestFile } from '../manifest/manifest-file.ts';
import type { Given } from '../options/given.ts';
import { checkOutputFile } from '../process/output-file.ts';

/**
 * The file of `--manifest`; undefined where none is asked for.
 *
 * @throws UsageError `OUTPUT_FILE`
 */
export async function openManifest({
  given,
  file,
  write,
}: {
  readonly given: Pick<Given, 'value'>;
  readonly file: ConfigFile | undefined;
  /** Replaces the file, and says whether it could. */
  readonly write: (path: string, text: string) => Promise<boolean>;
}): Promise<ManifestFile | undefined> {
  const path = given.value('manifest') ?? file?.config.manifest;
  if (path === undefined) return undefined;
  await checkOutputFile(path, '--manifest');
  const format = given.value('manifest-format') ?? file?.config['manifest-format'] ?? 'json';
  return createManifestFile({ format, write: (text) => write(path, text) });
}
