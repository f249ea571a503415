import { applyTagFix, findMissingTags, planTagFix } from '@ec2-image/janitor';
import { Command, Option } from 'clipanion';
import { UsageError } from '../errors.ts';
import { amiIdOf } from '../janitor/policy.ts';
import { openScope } from '../janitor/scope.ts';
import {
  renderTagFix,
  type TagFixResult,
  tagFixDocument,
  tagFixExitCode,
  tagFixIds,
} from '../render/tag-fix-report.ts';
import { type CommonSettings, RegionsCommand } from './common.ts';

export class TagFixCommand extends RegionsCommand {
  static override paths = [['tag-fix']];

  static override usage = Command.Usage({
    description: 'add the tags that a partial success left off',
    details: `
      Finds AMIs and snapshots that are provably ours and lack \`Name\`, \`automation\` or the tags that say where they
      came from, and adds what is missing, as their snapshots, import tasks and AMIs tell it. A tag that is there is
      not overwritten: another value on an AMI is reported, and with --force corrected, where it is a tag of ours and
      the right value is known.

      AMIs made by other means are tagged when they are named together with the --name and --suffix that make their
      name. Exit codes: 0 done or
      nothing to do, 1 a tag has another value, an AMI was refused or could not be tagged, 4 something could not be
      read.
    `,
    examples: [
      ['Everything that is ours', '$0 tag-fix'],
      ['What it would do', '$0 tag-fix --dry-run'],
      ['One AMI, after a partial success', '$0 tag-fix ami-0123456789abcdef0 --region us-east-1'],
      ['An AMI that a script made', '$0 tag-fix ami-0123456789abcdef0 --name fedora-aws --suffix 20261122'],
    ],
  });

  imageIds = Option.Rest({ name: 'AMI' });
  regions = Option.Array('--region', {
    description:
      'A region to look in; may be repeated (default: the configuration, AWS_REGION, or the profile)',
  });
  allRegions = Option.Boolean('--all-regions', false, {
    description: 'Look in every region that the account has opted into',
  });
  imageName = Option.String('--name', { description: 'The name of the image that the AMIs were made of' });
  suffix = Option.String('--suffix', { description: "The end of the AMIs' name, <name>-i<suffix>" });
  buckets = Option.Array('--bucket', {
    description: "A bucket that our imports read from; may be repeated (default: the configuration's)",
  });
  keyPrefixes = Option.Array('--key-prefix', {
    description:
      'Where in the buckets our objects are; may be repeated (default: the configuration, or ec2-image/)',
  });
  force = Option.Boolean('--force', false, {
    description: 'Correct wrong tags of ours on AMIs (Name and origin), where the right value is known',
  });
  dryRun = Option.Boolean('--dry-run', false, { description: 'Show what would be added, and add nothing' });

  protected firstRegion(): string | undefined {
    return this.regions?.[0];
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const { imageIds, name, suffix } = this.request();
    const { signal } = settings;
    await using scope = await openScope(this, settings);
    const facts = await findMissingTags({ ...scope, imageIds, signal });
    const plan = planTagFix(facts, { imageIds, name, suffix, force: this.force });
    const outcomes = this.dryRun ? undefined : await applyTagFix({ plan, clients: scope.clients, signal });
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

  private request() {
    const { imageName: name, suffix } = this;
    if ((name === undefined) !== (suffix === undefined)) {
      throw new UsageError('USAGE', '--name and --suffix belong together', {
        hint: 'Give both: the AMI is called <name>-i<suffix>.',
      });
    }
    if (name !== undefined && this.imageIds.length === 0) {
      throw new UsageError('USAGE', '--name and --suffix name AMIs, and no AMI is given', {
        hint: "Add the AMIs' ids.",
      });
    }
    return { name, suffix, imageIds: this.imageIds.length > 0 ? this.imageIds.map(amiIdOf) : undefined };
  }
}
