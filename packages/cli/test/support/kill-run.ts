import { setTimeout as delay } from 'node:timers/promises';
import type { TestAccount } from './account.ts';
import type { CliRun } from './run-cli.ts';

/**
 * Kills a run by SIGKILL. Resolves when the account, too, is through with the calls that the run left: what is with the
 * service already is carried out after its client is gone, so that nothing can be counted before.
 */
export async function killRun({ child, ended }: CliRun, account: Pick<TestAccount, 'aws'>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
  await allCallsEnded(account);
}

/** Lifts all faults. Resolves when what they let hang has been carried out, as late as that is for whoever asked for it. */
export async function liftFaults(account: Pick<TestAccount, 'aws'>): Promise<void> {
  account.aws.faults.clear();
  await allCallsEnded(account);
}

const quietMs = 20;
const limitMs = 10_000;
const heldMs = 500;

/**
 * Resolves when no call is under way any more. One that a fault lets hang continues when the fault is cleared, unless its
 * client has left: the service sees that after a moment, but not where most of a body is unread: those get 0.5 s and no
 * longer.
 *
 * @throws Error where another call is under way after 10 s
 */
export async function allCallsEnded({ aws }: Pick<TestAccount, 'aws'>): Promise<void> {
  const start = Date.now();
  for (;;) {
    await delay(quietMs);
    const running = aws.calls.list().filter(({ outcome }) => outcome === 'running');
    const [working] = running.filter(({ faults }) => !faults?.includes('hang'));
    const waited = Date.now() - start;
    if (!working && (running.length === 0 || waited > heldMs)) return;
    if (waited > limitMs) throw new Error(`${working?.operation} is under way still`);
  }
}
