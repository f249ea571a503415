import { type Adoption, applyTagFix, findMissingTags, planTagFix } from '@ec2-image/janitor';
import { digestOf } from '@ec2-image/provenance';
import { UsageError } from '../errors/cli-error.ts';
import { openScope, scopeFlagsOf } from '../janitor/scope.ts';
import {
  renderTagFix,
  type TagFixResult,
  tagFixDocument,
  tagFixExitCode,
  tagFixIds,
} from '../render/tag-fix-report.ts';
import type { CommonSettings } from '../settings.ts';
import { version } from '../version.ts';
import { TableCommand } from './common.ts';

export class TagFixCommand extends TableCommand {
  static override paths = [['tag-fix']];

  protected override checkUsage(): void {
    const [name, suffix] = [this.given.value('name'), this.given.value('suffix')];
    if ((name === undefined) !== (suffix === undefined)) {
      throw new UsageError('USAGE', '--name and --suffix must be used together', {
        hint: 'The AMI is named <name>-i<suffix>.',
      });
    }
    if (name !== undefined && this.operands.length === 0) {
      throw new UsageError('USAGE', '--name and --suffix require at least one AMI id', {
        hint: "Add the AMIs' ids.",
      });
    }
    this.adoption();
    scopeFlagsOf(this.given);
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const { signal } = settings;
    const [name, suffix] = [this.given.value('name'), this.given.value('suffix')];
    const imageIds = this.operands.length > 0 ? this.operands : undefined;
    const onNotice = (message: string) => this.tell(message);
    await using scope = await openScope(scopeFlagsOf(this.given), settings, onNotice);
    const { clients, clock, outageTimeoutMs } = scope;
    const facts = await findMissingTags({ ...scope, imageIds, signal, onNotice });
    const plan = planTagFix(facts, {
      imageIds,
      name,
      suffix,
      adoption: this.adoption(),
      force: this.given.value('force') ?? false,
    });
    const outcomes = this.given.value('dry-run')
      ? undefined
      : await applyTagFix({ plan, clients, clock, outageTimeoutMs, signal, onNotice });
    const result: TagFixResult = { plan, outcomes };
    await this.printResult(
      {
        document: () => tagFixDocument(result),
        ids: () => tagFixIds(result),
        text: () => renderTagFix(result),
      },
      settings.log,
    );
    return tagFixExitCode(result);
  }

  /** What AMIs that were imported by hand are made from. @throws UsageError */
  private adoption(): Adoption | undefined {
    const { given, operands } = this;
    const [sha256, sha512, urls] = [given.value('sha256'), given.value('sha512'), given.value('url')];
    if (sha256 === undefined && sha512 === undefined && urls === undefined) return undefined;
    if (urls?.length !== 1 || (sha256 === undefined) === (sha512 === undefined)) {
      throw new UsageError('USAGE', 'specify the image with one --url, and one of --sha256 and --sha512', {
        hint: 'They say what AMIs were made from that were imported by hand.',
      });
    }
    if (operands.length === 0) {
      throw new UsageError('USAGE', '--url requires at least one AMI id', { hint: "Add the AMIs' ids." });
    }
    return {
      digest: sha256 === undefined ? digestOf('sha512', sha512!) : digestOf('sha256', sha256),
      sourceUrl: urls[0]!,
      diskFormat: given.value('format') ?? 'vhdx',
      version,
    };
  }
}
