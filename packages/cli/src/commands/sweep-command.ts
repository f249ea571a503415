import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { isLocked, makeDirectory, tryLock } from '@ec2-image/file-lock';
import {
  checkSavedPlan,
  countedDeletes,
  defaultMaxDeletes,
  defaultPolicy,
  explainMissing,
  type Facts,
  findLeftovers,
  findRecycled,
  findWorkFiles,
  JanitorError,
  narrowPlan,
  type Plan,
  type Policy,
  planSweep,
  removeWorkFiles,
  resourcesToChange,
  type SavedPlan,
  type SweepOutcome,
  sweep,
  type WorkFiles,
} from '@ec2-image/janitor';
import { CliError, UsageError } from '../errors/cli-error.ts';
import { checkCanConfirm, confirmed } from '../janitor/confirm.ts';
import { isDead, type JanitorResult, janitorExitCode } from '../janitor/outcome.ts';
import { loadPlan, savePlan } from '../janitor/plan-file.ts';
import { type AccountScope, openScope, scopeFlagsOf } from '../janitor/scope.ts';
import { connectionFlags } from '../render/connection-flags.ts';
import { renderError } from '../render/error.ts';
import { renderPlan, renderWorkFiles, sweepDocument, sweepIds } from '../render/janitor-report.ts';
import { renderMissing, renderOutcome, renderOutcomes, renderRecycled } from '../render/sweep-report.ts';
import type { CommonSettings } from '../settings.ts';
import { imagesDirectory, locksDirectory } from '../work-directory/image-directory.ts';
import { isImageDirectoryName, whyNotOurs } from '../work-directory/marker.ts';
import { columnsOf } from './columns-of.ts';
import { TableCommand } from './common.ts';

/** Finds, plans, and with --apply carries out: what the janitor and retire have in common. */
export abstract class SweepCommand extends TableCommand<SavedPlan | undefined> {
  /** The document's key. */
  protected abstract readonly subject: 'janitor' | 'retire';

  /** What to keep and what to take, but for the age and the marks that {@link commonPolicy} has. */
  protected abstract policy(scope: AccountScope, settings: CommonSettings): Policy;

  protected openScope(settings: CommonSettings): Promise<AccountScope> {
    return openScope(scopeFlagsOf(this.given), settings, this.noticesTo(settings.log));
  }

  /** What was found does not fit what was asked for. @throws UsageError */
  protected checkFacts(_facts: Facts, _scope: AccountScope): void {}

  /** How an AMI that is enabled again is shared as before. */
  protected restoreSharing(
    _scope: AccountScope,
    _settings: CommonSettings,
  ): Parameters<typeof sweep>[0]['restoreSharing'] {
    return undefined;
  }

  protected override checkUsage(): void {
    const { given } = this;
    if (given.value('apply') && !given.value('yes')) checkCanConfirm(this.context);
    if (given.value('from-plan') !== undefined && given.value('save-plan') !== undefined) {
      throw new UsageError('USAGE', '--save-plan cannot be combined with --from-plan', {
        hint: 'Leave out one of them.',
      });
    }
    scopeFlagsOf(given);
  }

  protected override async prepare(): Promise<SavedPlan | undefined> {
    const from = this.given.value('from-plan');
    return from === undefined ? undefined : loadPlan(from);
  }

  protected async run(settings: CommonSettings, saved: SavedPlan | undefined): Promise<number> {
    const { given } = this;
    const maxDeletes = given.value('max-deletes') ?? defaultMaxDeletes;
    const [apply, yes, savedTo] = [given.value('apply'), given.value('yes'), given.value('save-plan')];
    const { stdout } = this.context;
    await using scope = await this.openScope(settings);
    this.checkAccount(scope);
    const { plan, missing } = await this.makePlan(scope, settings, saved);
    if (savedTo !== undefined) await savePlan(savedTo, plan);
    const files = given.value('work-files') ? await findWorkFiles(workFilesOf(settings)) : undefined;

    const found: JanitorResult = { plan, missing, workFiles: files };
    const show = (stream: Writable) =>
      [
        renderPlan(plan, { width: columnsOf(stream), connection: connectionFlags(settings) }),
        ...(missing?.length ? [renderMissing(missing)] : []),
        ...(files ? [renderWorkFiles(files)] : []),
      ].join('\n\n');
    // People see the plan before anything of it is carried out; whoever is asked sees it in any case.
    if (apply && this.forPeople) stdout.write(`${show(stdout)}\n`);
    else if (apply && !yes) this.tell(show(this.context.stderr));
    const result = apply ? await this.clean(found, { maxDeletes, scope, settings }) : found;
    await this.printResult(
      {
        document: () => sweepDocument(this.subject, result),
        ids: () => sweepIds(result),
        text: () => (!apply ? show(stdout) : result === found ? '' : `\n${renderCleaned(result)}`),
      },
      settings.log,
    );
    return janitorExitCode(result);
  }

  private pollIntervalMs({ file }: CommonSettings): number | undefined {
    const seconds = this.given.value('poll-interval') ?? file?.config['poll-interval'];
    return seconds === undefined ? undefined : seconds * 1000;
  }

  private checkAccount({ account }: AccountScope): void {
    const expected = this.given.value('expect-account');
    if (expected === undefined || expected === account) return;
    throw new CliError('ANOTHER_ACCOUNT', `the credentials are of account ${account}, not of ${expected}`, {
      hint: 'Use other credentials, or another --expect-account.',
      facts: { account, expected },
    });
  }

  protected commonPolicy({ names }: AccountScope): Policy {
    const { given } = this;
    const olderThan = given.value('older-than');
    return {
      ...defaultPolicy,
      olderThanMs: olderThan === undefined ? defaultPolicy.olderThanMs : olderThan * 1000,
      keepTags: given.value('keep-tag') ?? [],
      keepSuffixes: given.value('keep-suffix') ?? [],
      names,
    };
  }

  /** Where to look and what to keep is said by flags and configuration, with a saved plan too: it only narrows. */
  private async makePlan(
    scope: AccountScope,
    settings: CommonSettings,
    saved: SavedPlan | undefined,
  ): Promise<{ plan: Plan; missing?: readonly SweepOutcome[] }> {
    if (saved) checkSavedPlan(saved, { account: scope.account, now: scope.clock.now() });
    const { signal, log } = settings;
    const policy = this.policy(scope, settings);
    const onNotice = this.noticesTo(log);
    const facts = await findLeftovers({ ...scope, policy, signal, onNotice });
    // What a saved plan names may be gone by now.
    if (!saved) this.checkFacts(facts, scope);
    const fresh = planSweep(facts, policy);
    if (!saved) return { plan: fresh };
    const narrowed = narrowPlan(saved, { fresh, scope });
    const { clients, clock, outageTimeoutMs } = scope;
    const missing = await explainMissing(narrowed, { clients, clock, outageTimeoutMs, signal, onNotice });
    return { plan: narrowed.plan, missing };
  }

  protected noticesTo(log: CommonSettings['log']): (message: string) => void {
    return (message) => {
      log.event('notice', { message });
      if (!this.quiet) this.tell(message);
    };
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
    const asked = questionOf(plan, workFiles?.filter(isDead) ?? []);
    if (asked !== undefined && countedDeletes(plan) <= maxDeletes && !this.given.value('yes')) {
      const question = `${asked} in account ${scope.account}?`;
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
        clock: scope.clock,
        outageTimeoutMs: scope.outageTimeoutMs,
        pollIntervalMs: this.pollIntervalMs(settings),
        maxDeletes,
        signal,
        restoreSharing: this.restoreSharing(scope, settings),
        onNotice: this.noticesTo(log),
        onOutcome: (outcome) => {
          log.event('sweep', { ref: outcome.resource.ref, outcome: outcome.outcome, detail: outcome.detail });
          // Listed once, as it happens.
          if (this.forPeople) this.context.stdout.write(`${renderOutcome(outcome)}\n`);
          else if (!this.quiet) this.tell(renderOutcome(outcome));
        },
      });
      const recycled = await findRecycled({
        outcomes,
        clients: scope.clients,
        signal,
        onNotice: this.noticesTo(log),
      });
      const removedWorkFiles =
        workFiles && (await removeWorkFiles({ ...workFilesOf(settings), files: workFiles }));
      return { ...found, outcomes: [...(found.missing ?? []), ...outcomes], recycled, removedWorkFiles };
    } catch (error) {
      if (!(error instanceof JanitorError) || error.code !== 'TOO_MANY_DELETES') throw error;
      this.tell(renderError(error));
      return { ...found, stoppedByCap: maxDeletes };
    }
  }
}

/** What is asked before it is done; undefined where nothing is. */
function questionOf(plan: Plan, dead: readonly WorkFiles[]): string | undefined {
  const of = (verdict: string) =>
    resourcesToChange(plan).filter((resource) => resource.verdict === verdict).length;
  const deletions = [
    ...(of('delete') > 0 ? [count(of('delete'), 'resource')] : []),
    ...(dead.length > 0 ? [`the work files of ${count(dead.length, 'image')}`] : []),
  ];
  const parts = [
    ...(deletions.length > 0 ? [`delete ${deletions.join(' and ')}`] : []),
    ...(of('deprecate') > 0 ? [`deprecate ${count(of('deprecate'), 'AMI')}`] : []),
    ...(of('disable') > 0 ? [`disable ${count(of('disable'), 'AMI')}`] : []),
    ...(of('enable') > 0 ? [`enable ${count(of('enable'), 'AMI')}`] : []),
  ];
  if (parts.length === 0) return undefined;
  const text = parts.join(', ');
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
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
      await makeDirectory(locksDirectory(workDirectory));
      return tryLock(lock(name));
    },
    signal,
  };
}

function renderCleaned({ outcomes = [], recycled, workFiles, removedWorkFiles }: JanitorResult): string {
  return [
    renderOutcomes(outcomes),
    ...renderRecycled(recycled),
    ...(workFiles && removedWorkFiles ? [renderWorkFiles(workFiles, removedWorkFiles)] : []),
  ].join('\n\n');
}
