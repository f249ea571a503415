import { renderCommandLine } from '../command-line.ts';
import { defaultConfigFile } from '../config/find-config.ts';
import { type Finished, renderPinYaml } from '../config/pin-config.ts';
import { type AwsAccess, completeAwsCommand } from '../errors/aws-command.ts';
import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';
import type { Explained } from '../errors/explain.ts';
import { hasUsableAmi, type ImageOutcome, type ImageResult, type RepeatedRequests } from '../outcome.ts';
import { nextStepFor } from '../pipeline/leftovers.ts';
import { renderBooted } from './boot-test.ts';
import { type AccountChoice, connectionFlags } from './connection-flags.ts';
import { formatSeconds } from './format.ts';
import { regionsExitCode, renderRegions, withheldSteps } from './publish-report.ts';
import { renderTable } from './table.ts';

/** An image, what became of it, and how long it took by the clock on the wall. */
export interface TimedImage extends Finished {
  readonly seconds: number;
}

export interface ImportReportOptions {
  /** Of the run: commands are to lead there, and nobody can start an instance in the emulator's. Default what AWS's own settings say. */
  readonly account?: AccountChoice;
  /** Whether the same command resumes what was interrupted; true by default. */
  readonly resumes?: boolean;
  /** The file that `--write-config` wrote the pinning YAML to: it is named, not printed. */
  readonly configWrittenTo?: string;
  /** False where the account ends with the run: there is nothing to pin. Default true. */
  readonly pin?: boolean;
  /** Of the terminal: the table keeps within it. Commands and YAML are for copying, and stay whole. */
  readonly width?: number;
}

export interface ImportDocument {
  readonly version: 1;
  /** Empty where the run as a whole could not start. */
  readonly images: readonly ImageResult[];
  /** The YAML that pins the result. */
  readonly next: string;
  /** Undefined where nobody counted them. */
  readonly retries?: readonly RepeatedRequests[];
  readonly error?: Explained;
}

/** The one document of `import --json`. */
export function importDocument(
  finished: readonly Finished[],
  {
    pin = true,
    retries,
  }: Pick<ImportReportOptions, 'pin'> & { readonly retries?: readonly RepeatedRequests[] } = {},
): ImportDocument {
  return {
    version: 1,
    images: finished.map(({ result }) => result),
    next: pin ? renderPinYaml(finished) : '',
    ...(retries && { retries }),
  };
}

/** The same where the run as a whole could not start. */
export function failedImportDocument(error: Explained): ImportDocument {
  return { version: 1, images: [], next: '', error };
}

/** `--quiet`: the AMIs, one a line. */
export function importIds(finished: readonly Finished[]): string[] {
  return finished.flatMap(({ result }) => (hasUsableAmi(result) ? (result.imageId ?? []) : []));
}

/** For people, on one screen: a row an image, what to do next, and what to write into the configuration. */
export function renderImportReport(
  finished: readonly TimedImage[],
  { account, resumes = true, configWrittenTo, pin = true, width }: ImportReportOptions = {},
): string {
  const next = nextSteps(finished, { account, resumes });
  return [
    renderTable(
      [
        ['OUTCOME', 'AMI', 'NAME', 'REGION', 'ARCH', 'TIME'],
        ...finished.map(({ result, seconds }) => [
          result.outcome,
          result.imageId ?? '-',
          result.amiName ?? result.name,
          result.region,
          result.architecture,
          formatSeconds(seconds),
        ]),
      ],
      { width, fold: true },
    ),
    ...renderRegions(
      finished.map(({ result }) => result),
      { width },
    ),
    ...renderBootModes(finished),
    ...renderBootTests(finished),
    ...renderSigners(finished),
    ...renderProofs(finished),
    ...(next.length > 0 ? [['Next:', ...next.map((step) => `  ${step}`)].join('\n')] : []),
    ...(pin ? renderPin(finished, configWrittenTo) : []),
  ].join('\n\n');
}

function renderBootModes(finished: readonly Finished[]): string[] {
  const lines = finished.flatMap(({ result: { name, bootMode, outcome, image } }) => {
    if (bootMode === undefined || outcome === 'reused') return [];
    const line = `${name}: boot mode ${bootMode.found} (${bootMode.reason})`;
    // A TPM asks for UEFI alone, and arm64 knows nothing else.
    const { BootMode: registered } = image ?? {};
    const isOther = image !== null && registered !== bootMode.found;
    return isOther ? `${line}; of the AMI: ${registered ?? 'left to EC2'}` : line;
  });
  return lines.length > 0 ? [lines.join('\n')] : [];
}

/** The console's end is there to find out why. */
function renderBootTests(finished: readonly Finished[]): string[] {
  return finished.flatMap(({ result: { name, bootTest } }) => {
    if (!bootTest || (bootTest.booted && bootTest.instanceType === undefined)) return [];
    return `${name}: ${renderBooted(bootTest)}`;
  });
}

function renderSigners(finished: readonly Finished[]): string[] {
  const lines = finished.flatMap(({ result: { name, source } }) =>
    source.signedBy === undefined ? [] : `${name}: signed by ${source.signedBy}`,
  );
  return lines.length > 0 ? [lines.join('\n')] : [];
}

/** Of what this run has proven; where nothing was, that is worth a line too. */
function renderProofs(finished: readonly Finished[]): string[] {
  const lines = finished.flatMap(({ result: { name, proof, imageId } }) => {
    if (!proof || imageId === null) return [];
    if (proof.extent === 'none') return `${name}: not proven`;
    if (proof.madeAt === undefined) return [];
    const made = `${name}: proven (${proof.extent}) at ${proof.madeAt}`;
    const { secondsBeforeImportEnd: before } = proof;
    if (before === undefined) return made;
    const seconds = formatSeconds(Math.abs(before));
    return `${made}, ${seconds} ${before < 0 ? 'after' : 'before'} the import task ended`;
  });
  return lines.length > 0 ? [lines.join('\n')] : [];
}

function renderPin(finished: readonly Finished[], configWrittenTo?: string): string[] {
  if (configWrittenTo !== undefined) return [`The configuration that pins this result: ${configWrittenTo}`];
  const yaml = renderPinYaml(finished);
  const path = finished[0]?.request.given.file?.path ?? defaultConfigFile;
  return yaml ? [`# To pin this result, write into ${path}:\n${yaml.trimEnd()}`] : [];
}

function nextSteps(
  finished: readonly Finished[],
  { account, resumes }: { readonly account: AccountChoice | undefined; readonly resumes: boolean },
): string[] {
  const results = finished.map(({ result }) => result);
  const named = (outcome: ImageOutcome) =>
    results
      .filter((result) => result.outcome === outcome)
      .map(({ name }) => name)
      .join(', ');
  const [failed, interrupted] = [named('failed'), named('interrupted')];
  const incomplete = finished.filter(
    ({ result: { outcome, imageId } }) => outcome === 'partial' && imageId !== null,
  );
  const untagged = incomplete.filter(({ result: { steps } }) =>
    steps.some(({ step, outcome }) => step === 'tag' && outcome === 'failed'),
  );
  const unpublished = incomplete.filter((one) => !untagged.includes(one)).map(({ result: { name } }) => name);
  const usable = finished.filter(({ result: { outcome } }) => outcome === 'imported' || outcome === 'reused');
  const launchable = account?.local ? [] : usable;
  return [
    ...(failed ? [`${failed}: fix the error above, then run the same command again.`] : []),
    ...(interrupted && resumes ? [`${interrupted}: run the same command again to resume.`] : []),
    ...(unpublished.length > 0
      ? [`${unpublished.join(', ')}: fix the error above, then run the same command again.`]
      : []),
    ...withheldSteps(results),
    ...untagged.map((one) => `${renderCommandLine(tagFixCommand(one, account))} adds the missing tags.`),
    ...[...usable, ...incomplete].flatMap(({ result: { name, leftovers = [] } }) =>
      leftovers.map((left) => `${name}: still in the account: ${left}. ${nextStepFor(left)}`),
    ),
    ...launchable
      .slice(0, maxLaunchCommands)
      .map(
        (one) =>
          `Launch ${usable.length === 1 ? 'it' : one.result.name}: ${launchCommand(one, account?.connection)}`,
      ),
  ];
}

/** The result fits one screen. */
const maxLaunchCommands = 3;

function tagFixCommand(
  { request, result: { imageId, region } }: Finished,
  account: AccountChoice | undefined,
): string[] {
  const flags = account ? connectionFlags(account, request.session) : [];
  return ['tag-fix', imageId!, '--region', region, ...flags];
}

function launchCommand(
  { request: { session }, result: { imageId, region, architecture } }: Finished,
  access: AwsAccess = {},
): string {
  const type = architecture === 'arm64' ? 't4g.small' : 't3.small';
  const command = `aws ec2 run-instances --region ${region} --image-id ${imageId} --instance-type ${type}`;
  return completeAwsCommand(command, { ...access, profile: session.profile ?? access.profile });
}

const codeOf: Readonly<Record<ImageOutcome, ExitCode>> = {
  imported: exitCodes.done,
  reused: exitCodes.done,
  partial: exitCodes.failed,
  failed: exitCodes.failed,
  interrupted: exitCodes.interrupted,
};

export function importExitCode(results: readonly ImageResult[]): ExitCode {
  return worstExitCode(
    results.flatMap(({ outcome, regions }) => [codeOf[outcome], regionsExitCode(regions)]),
  );
}
