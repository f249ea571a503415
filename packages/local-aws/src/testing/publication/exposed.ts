import { type ImageFacts, imageState } from '../../ec2/images/image.ts';
import { findImageAnywhere } from '../../ec2/images/usable-image.ts';
import { forever } from '../../ec2/resource-tables.ts';
import { openResources } from '../../ec2/resources.ts';
import { type SnapshotFacts, snapshotState } from '../../ec2/snapshots/snapshot.ts';
import type { Store } from '../../store/store.ts';

/** Something that others may see, or are pointed at: an account and a region, and what is true there whatever reads show. */
export interface Exposed {
  /** Those with launch permissions. */
  readonly images: readonly ExposedImage[];
  /** Those with permissions to make volumes of them. */
  readonly snapshots: readonly ExposedSnapshot[];
  /** Those of the type `aws:ec2:image`. */
  readonly parameters: readonly ExposedParameter[];
}

export interface ExposedImage {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly state: string;
  /** Account ids, ARNs of organizations and units, and `all`. */
  readonly grantees: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly snapshots: readonly ExposedSnapshot[];
}

export interface ExposedSnapshot {
  readonly id: string;
  readonly region: string;
  readonly state: string;
  readonly grantees: readonly string[];
  /** Of the AMIs that have it. */
  readonly imageStates: readonly string[];
}

export interface ExposedParameter {
  readonly name: string;
  readonly region: string;
  readonly value: string;
  /** Undefined where there is no such AMI. */
  readonly image: ExposedImage | undefined;
}

interface Row {
  readonly id: string;
  readonly accountId: string;
  readonly region: string;
}

/** Every account's. */
export function readExposed(store: Store, now: () => number): Exposed {
  const shared = (type: 'image' | 'snapshot', permissions: string) =>
    store.all<Row>(
      `SELECT id, account_id AS accountId, region FROM ec2_resource
        WHERE type = '${type}' AND seen_until = ${forever} AND json_array_length(facts, '$.${permissions}') > 0`,
    );
  const isExposed = ({ grantees }: Pick<ExposedImage, 'grantees'>) => grantees.length > 0;
  const images = shared('image', 'launchPermissions')
    .flatMap((row) => exposedImage(store, row, now) ?? [])
    .filter(isExposed);
  const snapshots = shared('snapshot', 'createVolumePermissions')
    .flatMap((row) => exposedSnapshot(store, row, now) ?? [])
    .filter(isExposed);
  const parameters = store
    .all<{ name: string; region: string; value: string }>(
      "SELECT name, region, value FROM ssm_parameter WHERE data_type = 'aws:ec2:image'",
    )
    .map((parameter) => ({ ...parameter, image: exposedImage(store, rowOf(parameter), now) }));
  return { images, snapshots, parameters };
}

const rowOf = ({ value: id, region }: { value: string; region: string }) => ({ id, region });

/** The owner may see everything of theirs. */
const others = (grantees: readonly string[], owner: string) => grantees.filter((who) => who !== owner);

/** The AMIs of a name that can be used, by region. */
export function availableRegions(store: Store, name: string, now: () => number): ReadonlySet<string> {
  const rows = store.all<Row>(
    `SELECT id, account_id AS accountId, region FROM ec2_resource
      WHERE type = 'image' AND seen_until = ${forever} AND name = ?`,
    [name],
  );
  return new Set(
    rows.filter((row) => exposedImage(store, row, now)?.state === 'available').map(({ region }) => region),
  );
}

function exposedImage(
  store: Store,
  { id, region }: Pick<Row, 'id' | 'region'>,
  now: () => number,
): ExposedImage | undefined {
  const image = findImageAnywhere(store, id, { region, now });
  if (!image) return undefined;
  const { facts, tags } = image;
  const accountId = facts.ownerId;
  return {
    id,
    region,
    name: facts.name,
    state: imageState(facts, now()),
    grantees: others(
      (facts.launchPermissions ?? []).map(
        ({ group, userId, organizationArn, organizationalUnitArn }) =>
          group ?? userId ?? organizationArn ?? organizationalUnitArn ?? '',
      ),
      accountId,
    ),
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    snapshots: facts.blockDevices.flatMap(({ ebs }) =>
      ebs?.snapshotId ? (exposedSnapshot(store, { id: ebs.snapshotId, accountId, region }, now) ?? []) : [],
    ),
  };
}

function exposedSnapshot(
  store: Store,
  { id, accountId, region }: Row,
  now: () => number,
): ExposedSnapshot | undefined {
  const resources = openResources({ store, accountId, region, now });
  const snapshot = resources.find<SnapshotFacts>('snapshot', id);
  if (!snapshot) return undefined;
  const imageIds = store.all<{ id: string }>(
    'SELECT image_id AS id FROM ec2_image_snapshot WHERE snapshot_id = ?',
    [id],
  );
  const images = imageIds.flatMap((image) => resources.find<ImageFacts>('image', image.id) ?? []);
  return {
    id,
    region,
    state: snapshotState(snapshot.facts, now()),
    grantees: others(snapshot.facts.createVolumePermissions ?? [], accountId),
    imageStates: images.map(({ facts }) => imageState(facts, now())),
  };
}
