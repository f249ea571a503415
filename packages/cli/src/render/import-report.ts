import { type ExitCode, exitCodes, worstExitCode } from '../exit-code.ts';
import type { Explained } from '../explain.ts';
import type { ImageOutcome, ImageResult } from '../outcome.ts';
import { formatSeconds } from './format.ts';
import { type Finished, renderPinYaml } from './pin-yaml.ts';
import { renderTable } from './table.ts';

/** The one document of `import --json`. */
export function importDocument(finished: readonly Finished[]): object {
  return { version: 1, images: finished.map(({ result }) => result), next: renderPinYaml(finished) };
}

/** The same where the run as a whole could not start. */
export function failedImportDocument(error: Explained): object {
  return { version: 1, images: [], next: '', error };
}

/** For people: every AMI's details, the table of all of them, and what to write into the configuration. */
export function renderImportReport(finished: readonly Finished[]): string {
  const details = finished.flatMap(({ result }) =>
    result.image ? [`${result.amiName}:\n${JSON.stringify(result.image, null, 2)}`] : [],
  );
  const yaml = renderPinYaml(finished);
  return [
    ...details,
    renderTable([
      ['IMAGE', 'OUTCOME', 'AMI', 'AMI NAME', 'SNAPSHOT', 'REGION', 'ARCH', 'TIME'],
      ...finished.map(({ result }) => [
        result.name,
        result.outcome,
        result.imageId ?? '-',
        result.amiName ?? '-',
        result.snapshotId ?? '-',
        result.region,
        result.architecture,
        formatSeconds(result.steps.reduce((sum, { seconds }) => sum + seconds, 0)),
      ]),
    ]),
    ...(yaml ? [`# To pin this result, write into ec2-image.yaml:\n${yaml.trimEnd()}`] : []),
  ].join('\n\n');
}

const codeOf: Readonly<Record<ImageOutcome, ExitCode>> = {
  imported: exitCodes.done,
  reused: exitCodes.done,
  partial: exitCodes.failed,
  failed: exitCodes.failed,
  interrupted: exitCodes.interrupted,
};

export function importExitCode(results: readonly ImageResult[]): ExitCode {
  return worstExitCode(results.map(({ outcome }) => codeOf[outcome]));
}
