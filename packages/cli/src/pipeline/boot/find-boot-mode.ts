import { join } from 'node:path';
import type { ImageFacts } from '@ec2-image/convert';
import type { VerifiedImage } from '@ec2-image/fetch';
import { readBootCode } from '@ec2-image/image-headers';
import { provenanceKeys, type Tags } from '@ec2-image/provenance';
import type { ImportRequest } from '../../config/import-request.ts';
import { CliError } from '../../errors/cli-error.ts';
import { bootFindings } from '../../outcome.ts';
import type { Content } from '../content.ts';
import { readImage } from '../read-image.ts';
import { contentOptions, type IdentifiedRun, type ImageRun, type ObtainImage } from '../run.ts';
import { type BootSource, createBootScan, withBootSource } from './boot-source.ts';
import { judgeBoot } from './judge-boot.ts';

/*
 * `boot-mode: auto` inspects the image, once: what it finds stands in the tags of everything that is made from the image, and
 * a run that reuses such a resource goes by them. Only where nothing recorded it is the image obtained to look.
 */

export function isAuto({ ami }: Pick<ImportRequest, 'ami'>): boolean {
  return ami.bootMode === undefined || ami.bootMode === 'auto';
}

/** Before something that an earlier run made is used. */
export async function requireBootMode(run: ImageRun, tags: Tags, obtainImage: ObtainImage): Promise<void> {
  if (knowsBootMode(run, tags)) return;
  await lookIntoImage(run, await obtainImage(run));
}

/** Whether this run knows how the image boots, or an earlier one recorded it in these tags; true where nobody asks. */
export function knowsBootMode(
  { request, known }: Pick<IdentifiedRun, 'request' | 'known'>,
  tags: Tags,
): boolean {
  if (!isAuto(request) || known.boot) return true;
  const finding = bootFindings.find((one) => one === tags[provenanceKeys.bootMode]);
  if (finding) known.boot = { finding, reason: 'as its tags record' };
  return finding !== undefined;
}

/**
 * @param facts of the image, where it has been inspected
 * @throws CliError `BOOT_LOADER_MISMATCH`, `NO_BOOT_LOADER`, `TPM_WITHOUT_UEFI`
 */
export async function lookIntoImage(run: ImageRun, image: VerifiedImage, facts?: ImageFacts): Promise<void> {
  if (knowsBootMode(run, {})) return;
  const options = {
    ...contentOptions(run),
    onNotice: undefined,
    path: image.path,
    spoolPath: spoolPath(run),
    facts,
  };
  await readImage(run, image, () => withBootSource(options, (source) => judge(run, source)));
}

/** The same content, into which this run looks as it goes by, where it does so in order. */
export function lookedInto(run: ImageRun, content: Content): Content {
  if (content.zeros || knowsBootMode(run, {})) return content;
  return {
    ...content,
    async *blocks(options) {
      await using scan = createBootScan({ sizeBytes: content.virtualSizeBytes, spoolPath: spoolPath(run) });
      const look = async () => {
        if (!knowsBootMode(run, {})) await judge(run, await scan.source());
      };
      for await (const block of content.blocks(options)) {
        if (!knowsBootMode(run, {})) await scan.add(block);
        if (scan.isComplete) await look();
        yield block;
      }
      await look();
    },
  };
}

function spoolPath({ directory }: ImageRun): string {
  return join(directory.path, 'boot.partition');
}

async function judge(run: ImageRun, { disk, table }: BootSource): Promise<void> {
  const { request, known, notice } = run;
  const { architecture, ami, allowUnbootable } = request;
  const { problem, warning, ...found } = judgeBoot(await readBootCode(disk, table), {
    architecture,
    hasUefiData: ami.uefiData !== undefined,
  });
  if (problem && !allowUnbootable) throw problem;
  requireTpm(request, found.finding);
  known.boot = found;
  if (problem) notice(problem.message);
  else if (warning) notice(`boot mode ${found.finding}: ${found.reason}`);
}

/** What an AMI gets of `boot-mode`, as far as it is known. Undefined leaves it to EC2. */
export function bootModeOf({ request, known }: Pick<IdentifiedRun, 'request' | 'known'>) {
  const { ami, architecture } = request;
  if (ami.bootMode !== undefined && ami.bootMode !== 'auto') return ami.bootMode;
  const finding = known.boot?.finding;
  // arm64 knows no other than UEFI, and EC2 refuses most values of it.
  if (finding === undefined || finding === 'none' || architecture === 'arm64') return undefined;
  // Whoever gives UEFI variables knows of a loader that they name.
  if (finding === 'legacy-bios' && ami.uefiData !== undefined) return undefined;
  requireTpm(request, finding);
  return ami.tpm === 'v2.0' ? 'uefi' : finding;
}

/** @throws CliError `TPM_WITHOUT_UEFI` */
function requireTpm({ ami }: Pick<ImportRequest, 'ami'>, finding: string): void {
  if (ami.tpm !== 'v2.0' || finding.startsWith('uefi')) return;
  throw new CliError(
    'TPM_WITHOUT_UEFI',
    `tpm ${ami.tpm}: the image has no UEFI boot loader (boot mode ${finding})`,
    {
      hint: 'Leave tpm out, use an image with an EFI boot loader, or give boot-mode uefi where the loader is elsewhere.',
      facts: { tpm: ami.tpm, finding },
    },
  );
}
