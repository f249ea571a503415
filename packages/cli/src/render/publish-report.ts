import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';
import type { PublishOutcome, PublishResult, RegionResult } from '../outcome.ts';
import { renderTable } from './table.ts';

/** The one document of `publish --json`. */
export function publishDocument(images: readonly PublishResult[]): object {
  return { version: 1, publish: { images } };
}

/** `--quiet`: an AMI a line, in every region. */
export function publishIds(images: readonly PublishResult[]): string[] {
  return images.flatMap(({ regions }) => regions.flatMap(({ imageId }) => imageId ?? []));
}

/** For people: a row an image and region, then what to do next. */
export function renderPublishReport(
  images: readonly PublishResult[],
  { width }: { readonly width?: number } = {},
): string {
  const rows = images.flatMap((image) =>
    image.regions.length > 0
      ? image.regions.map((region) => rowOf(image.amiName ?? image.name, region))
      : [
          [
            image.outcome,
            image.imageId ?? '-',
            image.amiName ?? image.name,
            image.region,
            image.error?.code ?? '',
          ],
        ],
  );
  const next = nextSteps(images);
  return [
    renderTable([['OUTCOME', 'AMI', 'NAME', 'REGION', 'CHANGES'], ...rows], { width }),
    ...(next.length > 0 ? [['Next:', ...next.map((step) => `  ${step}`)].join('\n')] : []),
  ].join('\n\n');
}

/** Rows of a table of regions alone, below a report that has named the image. */
export function renderRegions(
  images: readonly { readonly name: string; readonly regions: readonly RegionResult[] }[],
  { width }: { readonly width?: number } = {},
): string[] {
  const rows = images.flatMap(({ name, regions }) => regions.map((region) => rowOf(name, region)));
  return rows.length > 0
    ? [renderTable([['PUBLISHED', 'AMI', 'NAME', 'REGION', 'CHANGES'], ...rows], { width })]
    : [];
}

function rowOf(
  name: string,
  { outcome, imageId, region, changed, withheld, error, required }: RegionResult,
): string[] {
  const words = [
    ...(changed.length > 0 ? [changed.join(', ')] : []),
    ...withheld.map((change) => `with --apply: ${change}`),
    ...(error ? [`${error.code}${required ? '' : ' (best effort)'}`] : []),
  ];
  return [outcome, imageId ?? '-', name, region, words.join('; ')];
}

function nextSteps(images: readonly PublishResult[]): string[] {
  const named = (...outcomes: readonly PublishOutcome[]) =>
    images
      .filter(({ outcome }) => outcomes.includes(outcome))
      .map(({ name }) => name)
      .join(', ');
  const [failed, interrupted] = [named('failed', 'partial'), named('interrupted')];
  return [
    ...(failed ? [`${failed}: fix the error above, then run the same command again.`] : []),
    ...(interrupted ? [`${interrupted}: run the same command again to resume.`] : []),
    ...withheldSteps(images),
  ];
}

/** What to do about what was not revoked. */
export function withheldSteps(
  images: readonly { readonly name: string; readonly regions: readonly RegionResult[] }[],
): string[] {
  return images
    .filter(({ regions }) => regions.some(({ withheld }) => withheld.length > 0))
    .map(({ name }) => `${name}: run the same command with --apply to revoke what share no longer names.`);
}

const codeOf: Readonly<Record<PublishOutcome, ExitCode>> = {
  published: exitCodes.done,
  unchanged: exitCodes.done,
  withheld: exitCodes.leftovers,
  partial: exitCodes.failed,
  failed: exitCodes.failed,
  interrupted: exitCodes.interrupted,
};

export function publishExitCode(images: readonly PublishResult[]): ExitCode {
  return worstExitCode(images.flatMap(({ outcome, regions }) => [codeOf[outcome], regionsExitCode(regions)]));
}

/** Something is to be done with `--apply`, in whichever region. */
export function regionsExitCode(regions: readonly RegionResult[]): ExitCode {
  return regions.some(({ withheld }) => withheld.length > 0) ? exitCodes.leftovers : exitCodes.done;
}
