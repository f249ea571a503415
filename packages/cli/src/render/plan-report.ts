import { printable } from '@ec2-image/redact';
import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';
import type { ImagePlan, PlannedStep } from '../pipeline/plan/planned.ts';
import { formatBytes } from './format.ts';
import { renderTable } from './table.ts';

/** The one document of `plan --json` and of `import --dry-run --json`. */
export function planDocument(images: readonly ImagePlan[]): object {
  return { version: 1, plan: { images } };
}

/** `--quiet`: the images of which something is to do. */
export function planIds(images: readonly ImagePlan[]): string[] {
  return images.flatMap(({ name, outcome }) => (outcome === 'todo' ? name : []));
}

const codeOf: Readonly<Record<ImagePlan['outcome'], ExitCode>> = {
  nothing: exitCodes.done,
  todo: exitCodes.leftovers,
  blocked: exitCodes.failed,
};

export function planExitCode(images: readonly ImagePlan[]): ExitCode {
  return worstExitCode(images.map(({ outcome }) => codeOf[outcome]));
}

/** A paragraph for each image of which something is to do, or that is blocked; and a line for all the others together. */
export function renderPlan(
  images: readonly ImagePlan[],
  { width }: { readonly width?: number } = {},
): string {
  if (images.length === 0) return 'No images.';
  const remarkable = images.filter(({ outcome }) => outcome !== 'nothing');
  const bytes = images.flatMap(({ steps }) => steps).reduce((sum, step) => sum + (step.bytes ?? 0), 0);
  const complete = images.length - remarkable.length;
  return [
    ...remarkable.map((image) => renderImage(image, width)),
    [
      `${complete} of ${images.length} ${images.length === 1 ? 'image has' : 'images have'} nothing to do`,
      ...(bytes > 0 ? [`${formatBytes(bytes)} to download`] : []),
    ].join('; '),
  ].join('\n\n');
}

function renderImage(
  { name, amiName, region, architecture, steps, error }: ImagePlan,
  width: number | undefined,
): string {
  const heading = `${name}: ${amiName ?? 'an AMI'} (${architecture}) in ${region}`;
  return [
    printable(heading),
    ...(steps.length > 0 ? [renderTable(steps.map(renderStep), { width }).replace(/^/gm, '  ')] : []),
    ...(error ? [printable(`  blocked: ${error.code}: ${error.message}`), printable(`  ${error.hint}`)] : []),
  ].join('\n');
}

function renderStep(step: PlannedStep): string[] {
  const sizes = [
    ...(step.bytes === undefined ? [] : [formatBytes(step.bytes)]),
    ...(step.keptBytes === undefined ? [] : [`without the ${formatBytes(step.keptBytes)} that are there`]),
  ];
  const size = sizes.length > 0 ? ` (${sizes.join(', ')})` : '';
  return [step.action, step.step, printable(`${step.what}${size}`)];
}
