import type { Exposed, ExposedImage, ExposedParameter } from './exposed.ts';

export interface PublicationRules {
  /** Why an AMI with these tags is not finished, as a clause; undefined where it is. Default: every one is. */
  readonly whyUnfinished?: (tags: Readonly<Record<string, string>>) => string | undefined;
  /** Whom an AMI is shared with before a parameter names it: account ids, ARNs, `all`. Default nobody. */
  readonly audience?: readonly string[];
  /** Parameters that name an AMI only once each of these regions has one of its name that is available. */
  readonly latest?: { readonly name: RegExp; readonly regions: readonly string[] };
}

/** What others may see, or are pointed at, and is not finished: a sentence each. */
export function findUnfinished(
  { images, snapshots, parameters }: Exposed,
  {
    whyUnfinished = () => undefined,
    audience = [],
    latest,
    availableIn,
    grantsSnapshot,
  }: PublicationRules & {
    /** The regions with an available AMI of that name. */
    readonly availableIn: (name: string) => ReadonlySet<string>;
    /** The call has shared a snapshot: one that stays shared when its AMI goes was published in its time. */
    readonly grantsSnapshot: boolean;
  },
): string[] {
  const ofImage = (image: ExposedImage): string[] => {
    const reason = whyUnfinished(image.tags);
    return [
      ...(image.state === 'available' ? [] : [`is ${image.state}`]),
      ...image.snapshots.flatMap(({ id, state }) => (state === 'completed' ? [] : [`has ${id}, ${state}`])),
      ...(reason === undefined ? [] : [reason]),
    ];
  };
  const ofGrantees = ({ grantees, snapshots: own }: ExposedImage): string[] =>
    grantees.flatMap((who) =>
      // Snapshots are shared with accounts and with everybody, not with organizations.
      /^(?:\d{12}|all)$/.test(who)
        ? own
            .filter((snapshot) => !snapshot.grantees.some((one) => one === who || one === 'all'))
            .map(({ id }) => `is shared with ${who} before ${id}`)
        : [],
    );
  const ofParameter = ({ name, image }: ExposedParameter): string[] => {
    if (!image) return ['does not exist'];
    const missing = audience.filter((who) => !image.grantees.includes(who));
    const has = latest?.name.test(name) ? availableIn(image.name) : undefined;
    return [
      ...ofImage(image),
      ...missing.map((who) => `is not shared with ${who}`),
      ...(has ? latest!.regions.filter((region) => !has.has(region)) : []).map(
        (region) => `is not available in ${region}`,
      ),
    ];
  };
  return [
    ...images.flatMap((image) =>
      [...ofImage(image), ...ofGrantees(image)].map(
        (reason) => `${image.id} in ${image.region} is shared, and ${reason}`,
      ),
    ),
    ...snapshots.flatMap(({ id, region, state, imageStates }) => [
      ...(state === 'completed' ? [] : [`${id} in ${region} is shared, and is ${state}`]),
      ...(imageStates.includes('available') || !grantsSnapshot
        ? []
        : [`${id} in ${region} is shared, and no AMI of it is available`]),
    ]),
    ...parameters.flatMap((parameter) =>
      ofParameter(parameter).map(
        (reason) => `${parameter.name} in ${parameter.region} names ${parameter.value}, which ${reason}`,
      ),
    ),
  ];
}
