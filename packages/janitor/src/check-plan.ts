import { JanitorError } from './errors.ts';
import { countedDeletes, type Plan } from './plan.ts';
import { checkSavedPlan } from './saved-plan.ts';

/** @throws JanitorError `TOO_MANY_DELETES` and those of {@link checkSavedPlan} */
export function checkPlan(
  plan: Plan,
  {
    account,
    now,
    maxDeletes,
  }: { readonly account: string; readonly now: number; readonly maxDeletes: number },
): void {
  checkSavedPlan(plan, { account, now });
  const deletes = countedDeletes(plan);
  if (deletes > maxDeletes) {
    throw new JanitorError(
      'TOO_MANY_DELETES',
      `the plan would delete or disable ${deletes} resources; the limit is ${maxDeletes}`,
      {
        hint: 'Review the plan; if it is right, raise --max-deletes.',
        facts: { deletes, maxDeletes },
      },
    );
  }
}
