import type { Conditions } from './document.ts';
import { operatorOf } from './operators.ts';
import type { RequestContext } from './request-context.ts';

/** All conditions of a statement hold; each holds if one of its values does. */
export function conditionsHold(conditions: Conditions, context: RequestContext): boolean {
  return conditions.every(({ operator, key, values }) => {
    const { test, negated, set, ifExists, isNull } = operatorOf(operator)!;
    const given = context.get(key);
    if (isNull) return values.some((value) => (value.toLowerCase() === 'true') === (given === undefined));
    if (given === undefined) return set === 'all' || ifExists || (negated && set === undefined);
    const holds = (one: string) => values.some((wanted) => test(wanted, one, context)) !== negated;
    // Without a set operator a key has one value; of several, the kinder reading of a denial would be a hole.
    return set === 'all' || (set === undefined && negated) ? given.every(holds) : given.some(holds);
  });
}
