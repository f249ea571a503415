import { hasUsableAmi, type ImageOutcome, type ImageResult, type PublishOutcome } from '../outcome.ts';

export const manifestFormats = ['json', 'packer'] as const;
export type ManifestFormat = (typeof manifestFormats)[number];

/** What of the result of an import or a publication goes into a manifest. */
export interface ManifestResult
  extends Pick<
    ImageResult,
    'name' | 'amiName' | 'architecture' | 'region' | 'imageId' | 'snapshotId' | 'regions'
  > {
  readonly outcome: ImageOutcome | PublishOutcome;
  readonly source: Pick<ImageResult['source'], 'url' | 'digest'>;
}

export interface ManifestEntry {
  readonly result: ManifestResult;
  readonly endedAt: Date;
}

/** One run of the command, of which some images may not have ended yet. */
export interface ManifestRun {
  readonly runId: string;
  /** In the order in which they ended. */
  readonly entries: readonly ManifestEntry[];
  /** All images have ended. */
  readonly complete: boolean;
}

/** The document of `--manifest`: what there is so far, image by image. */
export function manifestDocument(run: ManifestRun, format: ManifestFormat): object {
  return format === 'packer' ? packerDocument(run) : ownDocument(run);
}

function ownDocument({ entries, complete }: ManifestRun): object {
  return {
    version: 1,
    complete,
    images: entries.map(({ result: { name, amiName, architecture, outcome, source, ...ami }, endedAt }) => ({
      name,
      amiName,
      architecture,
      outcome,
      source: { url: source.url, digest: source.digest },
      endedAt: endedAt.toISOString(),
      amis: Object.fromEntries(
        amisOf(ami).map(({ region, imageId, snapshotId }) => [region, { imageId, snapshotId }]),
      ),
    })),
  };
}

/**
 * As Packer's manifest post-processor writes it, with an `artifact_id` as those of its amazon builders: `region:ami`,
 * separated by commas. An image without an AMI is left out.
 *
 * https://developer.hashicorp.com/packer/docs/post-processors/manifest
 */
function packerDocument({ runId, entries }: ManifestRun): object {
  return {
    builds: entries.flatMap(({ result: { name, amiName, architecture, source, ...ami }, endedAt }) =>
      !hasUsableAmi(ami)
        ? []
        : {
            name,
            builder_type: 'ec2-image',
            build_time: Math.floor(endedAt.getTime() / 1000),
            files: null,
            artifact_id: amisOf(ami)
              .map(({ region, imageId }) => `${region}:${imageId}`)
              .join(','),
            packer_run_uuid: runId,
            custom_data: {
              ami_name: amiName ?? '',
              architecture,
              source_url: source.url,
              source_digest: source.digest ?? '',
            },
          },
    ),
    last_run_uuid: runId,
  };
}

interface RegionalAmi {
  readonly region: string;
  readonly imageId: string;
  readonly snapshotId: string | null;
}

/** That of the import's region first, then its copies, as far as they are known. */
function amisOf({
  region,
  imageId,
  snapshotId,
  regions,
}: Pick<ManifestResult, 'region' | 'imageId' | 'snapshotId' | 'regions'>): RegionalAmi[] {
  const copies = regions.flatMap((copy) =>
    copy.imageId === null || copy.region === region
      ? []
      : { region: copy.region, imageId: copy.imageId, snapshotId: copy.snapshotId },
  );
  return imageId === null ? copies : [{ region, imageId, snapshotId }, ...copies];
}
