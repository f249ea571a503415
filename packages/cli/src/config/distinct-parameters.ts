import { label, located } from './origin.ts';
import { fillInParameter } from './parameter-name.ts';
import type { PublishSettings } from './publish-settings.ts';
import type { ConfigFile } from './read-config.ts';
import type { Session } from './session.ts';

/** What of a requested image its SSM parameters are named by, and where they are. */
interface AnnouncedImage {
  readonly name: string;
  readonly suffix?: string;
  readonly architecture: string;
  readonly session: Session;
  readonly publish?: PublishSettings;
  readonly given: { readonly isOfFile: boolean; readonly file?: ConfigFile };
}

interface Use {
  readonly key: 'ssm-parameter' | 'ssm-latest';
  readonly image: AnnouncedImage;
}

/**
 * One SSM parameter must not be that of two images, nor both of one: each would take it from the other, at every run.
 *
 * @throws UsageError `BAD_OPTION`
 */
export function requireDistinctParameters(requests: readonly AnnouncedImage[]): void {
  const seen = new Map<string, Use[]>();
  for (const use of requests.flatMap(usesOf)) {
    const { name, session } = use.image;
    const parameter = nameOf(use);
    const place = JSON.stringify([session.profile, session.role, parameter]);
    const others = seen.get(place) ?? [];
    const other = others.find(({ image }) => image.name === name || meet(image, use.image));
    if (other) throw duplicate(use, other, parameter);
    seen.set(place, [...others, use]);
  }
}

function usesOf(image: AnnouncedImage): Use[] {
  const { parameter, latestParameter } = image.publish ?? {};
  return [
    ...(parameter === undefined ? [] : [{ key: 'ssm-parameter' as const, image }]),
    ...(latestParameter === undefined ? [] : [{ key: 'ssm-latest' as const, image }]),
  ];
}

/** Digests stand for themselves, and so do dates and regions: two images may well have one of them in common. */
function nameOf({ key, image: { name, suffix, architecture, publish } }: Use): string {
  const template = key === 'ssm-parameter' ? publish!.parameter! : publish!.latestParameter!;
  const digest = `{digest of ${name}}`;
  const parts = { name, suffix: suffix ?? digest, arch: architecture, digest };
  return fillInParameter(template, parts);
}

/** Whether two images are published in a region that both have. */
function meet(one: AnnouncedImage, other: AnnouncedImage): boolean {
  const both = [one, other];
  if (both.every(({ publish }) => publish!.regions === 'all')) return true;
  const listed = both.flatMap(({ publish }) => (publish!.regions === 'all' ? [] : publish!.regions));
  return [...both.map(({ session }) => session.region), ...listed].some((region) =>
    both.every((image) => isPublishedIn(image, region)),
  );
}

function isPublishedIn({ session, publish }: AnnouncedImage, region: string | undefined): boolean {
  if (region === session.region) return true;
  const { regions, exceptRegions } = publish!;
  if (region === undefined || exceptRegions.includes(region)) return false;
  return regions === 'all' || regions.includes(region);
}

function duplicate({ key, image }: Use, other: Use, parameter: string) {
  const { file, isOfFile } = image.given;
  const origin = file && isOfFile ? { file, path: ['images', image.name] } : {};
  const what =
    image.name === other.image.name
      ? `${other.key} and ${key} of ${image.name}`
      : `${other.key} of ${other.image.name} and ${key} of ${image.name}`;
  return located('BAD_OPTION', `${label(origin)}${what} would both be ${parameter}`, origin, {
    hint: 'Use {name}, {arch} or {suffix} in ssm-parameter and ssm-latest, so that each names one AMI.',
    facts: { parameter, images: [...new Set([other.image.name, image.name])] },
  });
}
