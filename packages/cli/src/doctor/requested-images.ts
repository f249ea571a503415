import { requireDistinctNames } from '../config/distinct-names.ts';
import { requireDistinctParameters } from '../config/distinct-parameters.ts';
import { importRequests, type RequestedImport } from '../config/import-request.ts';
import { UsageError } from '../errors/cli-error.ts';
import { readGiven } from '../options/given.ts';
import { type ImageSettings, optionTable } from '../options/table.ts';
import { kmsKeyFor } from '../pipeline/encryption.ts';
import type { PlacesOptions } from './places.ts';
import type { CheckReport } from './report.ts';

export interface RequestedImages {
  readonly requests: readonly RequestedImport[];
  /** Those of them whose AMI's name is not known. */
  readonly unnamed: ReadonlySet<string>;
  /** Of images that an import would refuse before it asks anybody. */
  readonly problems: readonly CheckReport[];
}

/** The images of the file as an import would read them, each by itself. */
export function requestedImages({ settings, given }: PlacesOptions): RequestedImages {
  const { file, connection } = settings;
  const requests: RequestedImport[] = [];
  const unnamed = new Set<string>();
  const problems: CheckReport[] = [];
  for (const name of Object.keys(file?.config.images ?? {})) {
    const read = (others: ImageSettings = {}) => {
      const flags = { ...flagsOf({ settings, given }), ...others };
      const [request] = importRequests({ flags, names: [name], file });
      const region = request!.session.region ?? connection.region;
      if (region !== undefined) kmsKeyFor(request!, { region });
      return request!;
    };
    try {
      requests.push(read());
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const { code, message: detail, hint } = error;
      const isUnset = code === 'CONFIG_VARIABLE_UNSET';
      const check = `configuration of ${name}`;
      problems.push({ check, state: isUnset ? 'skipped' : 'failed', detail, hint });
      // The suffix of the day is often a variable: with another, all but the AMI's name is checked.
      if (!isUnset) continue;
      unnamed.add(name);
      requests.push(...attempt(() => read({ suffix: 'doctor' })));
    }
  }
  const named = requests.filter(({ name }) => !unnamed.has(name));
  for (const [check, requireDistinct] of [
    ['AMI names', requireDistinctNames],
    ['SSM parameters', requireDistinctParameters],
  ] as const) {
    try {
      requireDistinct(named);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push({ check, state: 'failed', detail: error.message, hint: error.hint });
    }
  }
  return { requests, unnamed, problems };
}

/** What an import has of the environment, under the flags that doctor was given. */
function flagsOf({ settings, given }: PlacesOptions): ImageSettings {
  const ofEnvironment = readGiven({
    command: 'import',
    flags: new Map(),
    env: settings.connection.env,
  }).all;
  const own = [...given.all].filter(([key]) => optionTable[key]!.commands.includes('import'));
  // An import has one of what doctor takes several of.
  const single = own.map(([key, value]) => [key, key === 'bucket' ? [value].flat()[0] : value]);
  return Object.fromEntries([...ofEnvironment, ...single]) as ImageSettings;
}

function attempt(read: () => RequestedImport): RequestedImport[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}
