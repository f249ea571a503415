import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { isLocked, tryLock } from '@ec2-image/file-lock';
import {
  checkSavedPlan,
  defaultMaxDeletes,
  explainMissing,
  findLeftovers,
  findWorkFiles,
  JanitorError,
  narrowPlan,
  type Plan,
  planSweep,
  removeWorkFiles,
  type SavedPlan,
  type SweepOutcome,
  sweep,
  thingsToDelete,
} from '@ec2-image/janitor';
import { Command, Option } from 'clipanion';
import { CliError, UsageError } from '../errors.ts';
import { checkCanConfirm, confirmed } from '../janitor/confirm.ts';
import { isDead, type JanitorResult, janitorExitCode } from '../janitor/outcome.ts';
import { loadPlan, savePlan } from '../janitor/plan-file.ts';
import { maxDeletesOf, policyOf } from '../janitor/policy.ts';
import { type AccountScope, openScope } from '../janitor/scope.ts';
import { renderError } from '../render/error.ts';
import {
  janitorDocument,
  janitorIds,
  renderMissing,
  renderOutcome,
  renderOutcomes,
  renderPlan,
  renderWorkFiles,
} from '../render/janitor-report.ts';
import { imagesDirectory, locksDirectory } from '../work-directory.ts';
import { isImageDirectoryName, whyNotOurs } from '../work-marker.ts';
import { type CommonSettings, RegionsCommand } from './common.ts';

export class JanitorCommand extends RegionsCommand {
  static override paths = [['janitor']];

  static override usage = Command.Usage({
    description: 'find what failed imports left behind, and with --apply remove it',
    details: `
      Looks for unfinished uploads, import tasks, snapshots, failed AMIs and objects that are provably ours, by their
      tags or by the chain from an import task to its snapshot and AMI. A name alone proves nothing. What is young,
      in use, shared, protected or still worked on is kept, each with its reason, and so is all that depends on
      something that could not be read.

      Without --apply nothing is changed. With it, each thing is looked at again just before it is deleted, and called
      deleted once a read confirms it. Exit codes: 0 nothing is left over, 3 leftovers were found, 4 something could
      not be read or deleted, 5 the plan goes beyond --max-deletes and nothing was deleted.
    `,
    examples: [
      ['What is left over, where the configuration says to look', '$0 janitor'],
      ['The same without a configuration', '$0 janitor --bucket my-bucket --region us-east-1'],
      ['A plan to look over first', '$0 janitor --bucket my-bucket --save-plan plan.json'],
      ['and to carry out then', '$0 janitor --bucket my-bucket --from-plan plan.json --apply'],
      ['From a script', '$0 janitor --apply --yes --expect-account 123456789012 --json'],
      ['Older AMIs of ours too, where nothing uses them', '$0 janitor --superseded'],
    ],
  });

  regions = Option.Array('--region', {
    description:
      'A region to look in; may be repeated (default: the configuration, AWS_REGION, or the profile)',
  });
  allRegions = Option.Boolean('--all-regions', false, {
    description: 'Look in every region that the account has opted into',
  });
  buckets = Option.Array('--bucket', {
    description: "A bucket to look in; may be repeated (default: the configuration's; none: S3 is left out)",
  });
  keyPrefixes = Option.Array('--key-prefix', {
    description:
      'Where in the buckets our objects are; may be repeated (default: the configuration, or ec2-image/)',
  });
  olderThan = Option.String('--older-than', {
    description: 'Keep whatever shows a younger sign of life, as 90m, 24h or 7d (default: 24h)',
  });
  keepTags = Option.Array('--keep-tag', {
    description: 'Keep what has this tag, KEY or KEY=VALUE; may be repeated (permanent=true always is kept)',
  });
  keepSuffixes = Option.Array('--keep-suffix', {
    description: 'Keep what is named <name>-i<suffix> with this suffix; may be repeated',
  });
  amis = Option.Array('--ami', { description: 'Delete this healthy AMI of ours, too; may be repeated' });
  superseded = Option.Boolean('--superseded', false, {
    description: 'Delete healthy AMIs of ours that have a newer one of the same name, too',
  });
  workFiles = Option.Boolean('--work-files', false, {
    description: 'Look at the work directory, too: what no run works with',
  });
  apply = Option.Boolean('--apply', false, { description: 'Delete what is left over' });
  yes = Option.Boolean('--yes', false, { description: 'Do not ask before deleting' });
  expectAccount = Option.String('--expect-account', {
    description: 'Refuse to work in any account but this one',
  });
  maxDeletes = Option.String('--max-deletes', {
    description: `Delete nothing where more than this would be (default: ${defaultMaxDeletes})`,
  });
  savePlan = Option.String('--save-plan', { description: 'Write the plan to this file' });
  fromPlan = Option.String('--from-plan', {
    description: 'Delete only what this saved plan names, of what would be deleted now',
  });

  protected firstRegion(): string | undefined {
    return this.regions?.[0];
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const maxDeletes = maxDeletesOf(this.maxDeletes) ?? defaultMaxDeletes;
    this.checkFlags();
    const { stdout } = this.context;
    const saved = this.fromPlan === undefined ? undefined : await loadPlan(this.fromPlan);
    await using scope = await openScope(this, settings);
    this.checkAccount(scope);
    const { plan, missing } = await this.makePlan(scope, settings, saved);
    if (this.savePlan !== undefined) await savePlan(this.savePlan, plan);
    const files = this.workFiles ? await findWorkFiles(workFilesOf(settings)) : undefined;

    const found: JanitorResult = { plan, missing, workFiles: files };
    const show = (stream: Writable & { readonly columns?: number }) =>
      [
        renderPlan(plan, { width: stream.columns }),
        ...(missing?.length ? [renderMissing(missing)] : []),
        ...(files ? [renderWorkFiles(files)] : []),
      ].join('\n\n');
    // People see the plan before anything of it is carried out; whoever is asked sees it in any case.
    if (this.apply && this.forPeople) stdout.write(`${show(stdout)}\n`);
    else if (this.apply && !this.yes) this.tell(show(this.context.stderr));
    const result = this.apply ? await this.clean(found, { maxDeletes, scope, settings }) : found;
    await this.printResult(
      {
        document: () => janitorDocument(result),
        ids: () => janitorIds(result),
        text: () => (!this.apply ? show(stdout) : result === found ? '' : `\n${renderCleaned(result)}`),
      },
      settings.log,
    );
    return janitorExitCode(result);
  }

  /** The report is for reading. */
  private get forPeople(): boolean {
    return !this.json && !this.events && !this.quiet;
  }

  private checkFlags(): void {
    if (this.apply && !this.yes) checkCanConfirm(this.context);
    if (this.fromPlan !== undefined && this.savePlan !== undefined) {
      throw new UsageError('USAGE', '--save-plan cannot be combined with --from-plan', {
        hint: 'Leave out one of them.',
      });
    }
  }

  private checkAccount({ account }: AccountScope): void {
    if (this.expectAccount === undefined || this.expectAccount === account) return;
    throw new CliError(
      'ANOTHER_ACCOUNT',
      `the credentials are of account ${account}, not of ${this.expectAccount}`,
      {
        hint: 'Use other credentials, or another --expect-account.',
        facts: { account, expected: this.expectAccount },
      },
    );
  }

  /** Where to look and what to keep is said by flags and configuration, with a saved plan too: it only narrows. */
  private async makePlan(
    scope: AccountScope,
    { signal, log }: CommonSettings,
    saved: SavedPlan | undefined,
  ): Promise<{ plan: Plan; missing?: readonly SweepOutcome[] }> {
    if (saved) checkSavedPlan(saved, { account: scope.account, now: Date.now() });
    const policy = policyOf(this, scope.names);
    const facts = await findLeftovers({
      ...scope,
      policy,
      signal,
      onNotice: (message) => {
        log.event('notice', { message });
        if (!this.quiet) this.tell(message);
      },
    });
    const fresh = planSweep(facts, policy);
    if (!saved) return { plan: fresh };
    const narrowed = narrowPlan(saved, { fresh, scope });
    const { clients } = scope;
    return { plan: narrowed.plan, missing: await explainMissing(narrowed, { clients, signal }) };
  }

  private async clean(
    found: JanitorResult,
    {
      maxDeletes,
      scope,
      settings,
    }: { readonly maxDeletes: number; readonly scope: AccountScope; readonly settings: CommonSettings },
  ): Promise<JanitorResult> {
    const { plan, workFiles } = found;
    const { signal, log } = settings;
    const deletes = thingsToDelete(plan).length;
    const dead = workFiles?.filter(isDead) ?? [];
    if (deletes + dead.length > 0 && deletes <= maxDeletes && !this.yes) {
      const what = [
        ...(deletes > 0 ? [count(deletes, 'resource')] : []),
        ...(dead.length > 0 ? [`the work files of ${count(dead.length, 'image')}`] : []),
      ];
      const question = `Delete ${what.join(' and ')} in account ${scope.account}?`;
      let yes = false;
      try {
        yes = await confirmed(question, this.context, signal);
      } finally {
        if (!yes) this.tell('Nothing was deleted.');
      }
      if (!yes) return found;
    }
    try {
      const outcomes = await sweep({
        plan,
        account: scope.account,
        clients: scope.clients,
        maxDeletes,
        signal,
        onOutcome: (outcome) => {
          log.event('sweep', { ref: outcome.thing.ref, outcome: outcome.outcome, detail: outcome.detail });
          // Listed once, as it happens.
          if (this.forPeople) this.context.stdout.write(`${renderOutcome(outcome)}\n`);
          else if (!this.quiet) this.tell(renderOutcome(outcome));
        },
      });
      const removedWorkFiles =
        workFiles && (await removeWorkFiles({ ...workFilesOf(settings), files: workFiles }));
      return { ...found, outcomes: [...(found.missing ?? []), ...outcomes], removedWorkFiles };
    } catch (error) {
      if (!(error instanceof JanitorError) || error.code !== 'TOO_MANY_DELETES') throw error;
      this.tell(renderError(error));
      return { ...found, stoppedByCap: maxDeletes };
    }
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function workFilesOf({ workDirectory, signal }: CommonSettings) {
  const lock = (name: string) => ({ path: join(locksDirectory(workDirectory), name) });
  return {
    directory: imagesDirectory(workDirectory),
    isOwnName: isImageDirectoryName,
    whyNotOurs,
    isLocked: (name: string) => isLocked(lock(name)),
    async tryLock(name: string) {
      // Without it there is no lock to take, and a run that starts meanwhile would make it.
      await mkdir(locksDirectory(workDirectory), { recursive: true });
      return tryLock(lock(name));
    },
    signal,
  };
}

function renderCleaned({ outcomes = [], workFiles, removedWorkFiles }: JanitorResult): string {
  return [
    renderOutcomes(outcomes),
    ...(workFiles && removedWorkFiles ? [renderWorkFiles(workFiles, removedWorkFiles)] : []),
  ].join('\n\n');
}
