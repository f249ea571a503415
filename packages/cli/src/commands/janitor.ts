import { join } from 'node:path';
import { isLocked, tryLock } from '@ec2-image/file-lock';
import {
  defaultMaxDeletes,
  defaultPolicy,
  findLeftovers,
  findWorkFiles,
  JanitorError,
  type Plan,
  type Policy,
  planSweep,
  removeWorkFiles,
  sweep,
  thingsToDelete,
} from '@ec2-image/janitor';
import { CliError, UsageError } from '../errors.ts';
import { checkCanConfirm, confirmed } from '../janitor/confirm.ts';
import { type JanitorResult, janitorExitCode } from '../janitor/outcome.ts';
import { loadPlan, savePlan } from '../janitor/plan-file.ts';
import { type AccountScope, openScope, scopeFlagsOf } from '../janitor/scope.ts';
import { renderError } from '../render/error.ts';
import {
  janitorDocument,
  renderOutcome,
  renderOutcomes,
  renderPlan,
  renderWorkFiles,
} from '../render/janitor-report.ts';
import { writeJson } from '../render/json-text.ts';
import { imagesDirectory, locksDirectory } from '../work-directory.ts';
import { type CommonSettings, TableCommand } from './common.ts';

export class JanitorCommand extends TableCommand {
  static override paths = [['janitor']];

  protected override checkUsage(): void {
    const { given } = this;
    if (given.value('apply') && !given.value('yes')) checkCanConfirm(this.context);
    if (given.value('from-plan') === undefined) return;
    const besidePlan = (
      [
        'region',
        'all-regions',
        'bucket',
        'key-prefix',
        'older-than',
        'ami',
        'superseded',
        'save-plan',
      ] as const
    )
      .filter((key) => given.value(key) !== undefined)
      .map((key) => given.nameOf(key));
    const flags = besidePlan.filter((name) => name.startsWith('--'));
    if (flags.length > 0) {
      throw new UsageError('USAGE', `${flags.join(', ')} cannot be combined with --from-plan`, {
        hint: 'A saved plan says where and what. Leave them out, or make a new plan.',
      });
    }
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const { given } = this;
    const maxDeletes = given.value('max-deletes') ?? defaultMaxDeletes;
    const [apply, yes, savedTo] = [given.value('apply'), given.value('yes'), given.value('save-plan')];
    const { stdout, stderr } = this.context;
    const from = given.value('from-plan');
    const saved = from === undefined ? undefined : await loadPlan(from);
    await using scope = await openScope(
      { ...scopeFlagsOf(given), ...(saved && { regions: saved.regions }) },
      settings,
    );
    this.checkAccount(scope);
    const plan = saved ?? (await this.makePlan(scope, settings));
    if (savedTo !== undefined) await savePlan(savedTo, plan);
    const files = given.value('work-files') ? await findWorkFiles(workFilesOf(settings)) : undefined;

    const found: JanitorResult = { plan, workFiles: files };
    const show = () => `${[renderPlan(plan), ...(files ? [renderWorkFiles(files)] : [])].join('\n\n')}\n`;
    if (!this.json) stdout.write(show());
    else if (apply && !yes) stderr.write(show());
    const result = apply ? await this.clean(found, { maxDeletes, scope, settings }) : found;
    if (this.json) await writeJson(stdout, janitorDocument(result));
    else if (result !== found) stdout.write(`\n${renderCleaned(result)}\n`);
    return janitorExitCode(result);
  }

  private checkAccount({ account }: AccountScope): void {
    const expected = this.given.value('expect-account');
    if (expected === undefined || expected === account) return;
    throw new CliError('ANOTHER_ACCOUNT', `the credentials are of account ${account}, not of ${expected}`, {
      hint: 'Use other credentials, or another --expect-account.',
      facts: { account, expected },
    });
  }

  private policy(names: readonly string[]): Policy {
    const { given } = this;
    const olderThan = given.value('older-than');
    return {
      olderThanMs: olderThan === undefined ? defaultPolicy.olderThanMs : olderThan * 1000,
      keepTags: given.value('keep-tag') ?? [],
      keepSuffixes: given.value('keep-suffix') ?? [],
      amis: given.value('ami') ?? [],
      superseded: given.value('superseded') ?? false,
      names,
    };
  }

  private async makePlan(scope: AccountScope, { signal, log }: CommonSettings): Promise<Plan> {
    const policy = this.policy(scope.names);
    const facts = await findLeftovers({
      ...scope,
      policy,
      signal,
      onNotice: (message) => {
        log.event('notice', { message });
        if (!this.quiet) this.context.stderr.write(`${message}\n`);
      },
    });
    return planSweep(facts, policy);
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
    const dead = workFiles?.filter(({ live }) => !live) ?? [];
    if (deletes + dead.length > 0 && deletes <= maxDeletes && !this.given.value('yes')) {
      const what = [
        count(deletes, 'thing'),
        ...(dead.length > 0 ? [`the work files of ${count(dead.length, 'image')}`] : []),
      ];
      const question = `Delete ${what.join(' and ')} in account ${scope.account}?`;
      if (!(await confirmed(question, this.context, signal))) return found;
    }
    try {
      const outcomes = await sweep({
        plan,
        account: scope.account,
        clients: scope.clients,
        keep: {
          keepTags: this.given.value('keep-tag') ?? [],
          keepSuffixes: this.given.value('keep-suffix') ?? [],
        },
        maxDeletes,
        signal,
        onOutcome: (outcome) => {
          log.event('sweep', { ref: outcome.thing.ref, outcome: outcome.outcome, detail: outcome.detail });
          if (!this.quiet) this.context.stderr.write(`${renderOutcome(outcome)}\n`);
        },
      });
      const removedWorkFiles =
        workFiles && (await removeWorkFiles({ ...workFilesOf(settings), files: workFiles }));
      return { ...found, outcomes, removedWorkFiles };
    } catch (error) {
      if (!(error instanceof JanitorError) || error.code !== 'TOO_MANY_DELETES') throw error;
      this.context.stderr.write(`${renderError(error)}\n`);
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
    isLocked: (name: string) => isLocked(lock(name)),
    tryLock: (name: string) => tryLock(lock(name)),
    signal,
  };
}

function renderCleaned({ outcomes = [], workFiles, removedWorkFiles }: JanitorResult): string {
  return [
    renderOutcomes(outcomes),
    ...(workFiles && removedWorkFiles ? [renderWorkFiles(workFiles, removedWorkFiles)] : []),
  ].join('\n\n');
}
