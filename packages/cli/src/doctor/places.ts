import { isExplained } from '@ec2-image/explained-error';
import { bootTestOf } from '../config/boot-test.ts';
import { publishKeys } from '../config/publish-settings.ts';
import { defaultKeyPrefix } from '../config/s3-settings.ts';
import { type Session, type SessionKey, sessionOf } from '../config/session.ts';
import type { Given } from '../options/given.ts';
import type { ImageSettings, OptionKey, ValueOf } from '../options/table.ts';
import type { CommonSettings } from '../settings.ts';
import type { CheckReport } from './report.ts';

/** Where an image is imported, and how: what its permissions follow from. */
export interface Place {
  readonly session: Session;
  readonly via: 's3' | 'ebs';
  readonly bucket?: string;
  /** Undefined: the account of the credentials. */
  readonly bucketOwner?: string;
  readonly keyPrefix: string;
  /** Undefined where none is needed. */
  readonly role?: string;
  /** As requests name it; undefined: the bucket's own. */
  readonly sse?: { readonly algorithm: 'AES256' | 'aws:kms' | 'aws:kms:dsse'; readonly kmsKeyId?: string };
  readonly encrypt: boolean;
  /** As the configuration names it for the region. */
  readonly kmsKey?: string;
  /** Whether the AMIs are to have snapshots of their own. */
  readonly ownSnapshot: boolean;
  /** Whether the AMIs are tested. */
  readonly bootTest: boolean;
  /** The AMI is published at the end, in the region of the import and in these, as they are configured. */
  readonly publishesTo?: readonly string[];
  /** Old AMIs are to be retired. */
  readonly retains?: true;
}

export interface Places {
  readonly places: readonly Place[];
  /** What of the file could not be read. */
  readonly unread: readonly CheckReport[];
}

export interface PlacesOptions {
  readonly settings: CommonSettings;
  readonly given: Pick<Given, 'all' | 'value' | 'values'>;
}

type Read = <K extends OptionKey & keyof ImageSettings>(key: K) => ValueOf<K> | undefined;

/**
 * Where the images are imported, and the buckets of the command line. Only what is checked is read of the file.
 *
 * @throws UsageError where the file needs a variable that is not set for what nobody gave otherwise
 */
export function placesOf(
  { settings: { file }, given }: PlacesOptions,
  { region, profile, role }: CommonSettings['connection'],
): Places {
  const { config } = file ?? {};
  const buckets = given.values('bucket') ?? [];
  const unread = new Map<string, CheckReport>();
  const readerOf =
    (image?: ImageSettings): Read =>
    (key) => {
      try {
        const values = (key === 'bucket' ? undefined : given.value(key)) ?? image?.[key];
        return (values ?? config?.[key as keyof typeof config]) as ReturnType<Read> as never;
      } catch (error) {
        // Beside buckets of the command line, those of the file are not all that can be checked.
        const isNeeded = key === 'bucket' && buckets.length === 0;
        if (isNeeded || key === 'role-name' || !isExplained(error) || error.code !== 'CONFIG_VARIABLE_UNSET')
          throw error;
        const { message: detail, hint } = error;
        unread.set(detail, { check: key, state: 'skipped', detail, hint });
        return undefined;
      }
    };
  const flag = (key: SessionKey) => [given.value(key)].flat()[0];
  const session = { region, profile, role };
  const images = Object.values(config?.images ?? {});
  const places = images.map((image): Place => {
    const own = sessionOf((key) => flag(key) ?? image[key] ?? config?.[key]);
    return placeOf(readerOf(image), { ...own, region: own.region ?? region });
  });
  const byTop = readerOf();
  const hasRole = places.some(({ role }) => role !== undefined);
  for (const bucket of buckets) {
    const place = placeOf(
      (key) => (key === 'bucket' ? (bucket as never) : key === 'via' ? ('s3' as never) : byTop(key)),
      session,
    );
    const { role: needed, ...others } = place;
    places.push(
      hasRole ? { ...others, ...(given.value('role-name') !== undefined && { role: needed }) } : place,
    );
  }
  if (places.length === 0) places.push(placeOf(byTop, session));
  return { places, unread: [...unread.values()] };
}

function placeOf(read: Read, session: Session): Place {
  const via = read('via') ?? 's3';
  const kmsKey = read('kms-key');
  const place = {
    ...{ session, via },
    encrypt: read('encrypt') ?? false,
    ownSnapshot: read('own-snapshot') ?? false,
    bootTest: bootTestOf(read('boot-test')) !== undefined,
    ...optional('kmsKey', typeof kmsKey === 'object' ? kmsKey[session.region ?? ''] : kmsKey),
    ...optional(
      'publishesTo',
      publishKeys.some((key) => read(key) !== undefined) ? (read('regions') ?? []) : undefined,
    ),
    ...optional('retains', read('retain') === undefined ? undefined : (true as const)),
    keyPrefix: (via === 's3' ? read('key-prefix') : undefined) ?? defaultKeyPrefix,
  };
  if (via === 'ebs') return place;
  const sseKey = read('sse-kms-key');
  const sse = read('sse') ?? (sseKey === undefined ? undefined : ('aws:kms' as const));
  return {
    ...place,
    ...optional('bucket', read('bucket')),
    ...optional('bucketOwner', read('bucket-owner')),
    ...optional('sse', sse && { algorithm: sse, ...optional('kmsKeyId', sseKey) }),
    role: read('role-name') ?? 'vmimport',
  };
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]?: Value });
}
