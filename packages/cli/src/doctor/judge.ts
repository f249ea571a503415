import {
  type Decision,
  evaluate,
  type Policies,
  type Principal,
  requestContext,
  undecidedKeys,
} from '@ec2-image/iam-policy';
import type { Scene } from './scene.ts';
import { knownContext } from './simulate.ts';

export interface Case {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  /** Beside what every request of the scene says. */
  readonly context: Readonly<Record<string, string | undefined>>;
  readonly policies: Policies;
}

export interface Judgement {
  readonly decision: Decision;
  /** The condition keys that would decide, and that only the call itself would say. */
  readonly byKeys: readonly string[];
}

/** What policies that were read say of one request. */
export function judge(scene: Scene, { principal, action, resource, context, policies }: Case): Judgement {
  const request = { action, resource, context: requestContext(knownContext(scene), context) };
  return {
    decision: evaluate(request, principal, policies),
    byKeys: undecidedKeys(request, principal, { policies }),
  };
}
