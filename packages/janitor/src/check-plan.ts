import { JanitorError } from './errors.ts';
import { type Plan, thingsToDelete } from './plan.ts';

/** @throws JanitorError `PLAN_OF_ANOTHER_ACCOUNT`, `PLAN_EXPIRED` or `TOO_MANY_DELETES` */
export function checkPlan(
  plan: Plan,
  {
    account,
    now,
    maxDeletes,
  }: { readonly account: string; readonly now: number; readonly maxDeletes: number },
): void {
  if (plan.account !== account) {
    throw new JanitorError(
      'PLAN_OF_ANOTHER_ACCOUNT',
      `the plan is of account ${plan.account}, the credentials are of ${account}`,
      {
        hint: 'Use the credentials of the account that the plan was made in.',
        facts: { planAccount: plan.account, account },
      },
    );
  }
  if (now >= Date.parse(plan.expiresAt)) {
    throw new JanitorError(
      'PLAN_EXPIRED',
      `the plan was made at ${plan.madeAt} and expired at ${plan.expiresAt}`,
      {
        hint: 'Make a new plan with --save-plan and look it over.',
        facts: { madeAt: plan.madeAt, expiresAt: plan.expiresAt },
      },
    );
  }
  const deletes = thingsToDelete(plan).length;
  if (deletes > maxDeletes) {
    throw new JanitorError(
      'TOO_MANY_DELETES',
      `the plan would delete ${deletes} things, the cap is ${maxDeletes}`,
      {
        hint: 'Look the plan over; if all of it is meant, raise --max-deletes.',
        facts: { deletes, maxDeletes },
      },
    );
  }
}
