import { isAwsCallError } from '@ec2-image/aws-call';
import type { PermissionReport } from './report.ts';

type Way = NonNullable<PermissionReport['by']>;

/** An action on a resource, an ARN or `*`. */
type Pair = readonly [action: string, resource: string];

/** What calls have shown of single permissions, each once: that it was there, or that it was not. */
export interface Evidence {
  /** Makes a call that needs all of these, notes what that shows, and rethrows its error. */
  attempt<T>(need: Need, call: () => Promise<T>): Promise<T>;
  of(action: string, resource: string): PermissionReport | undefined;
}

export interface Need {
  readonly needs: readonly Pair[];
  readonly by?: Way;
  /** Whether an error of the call shows all the same that it was allowed. */
  readonly passes?: (error: unknown) => boolean;
}

export function createEvidence(): Evidence {
  const found = new Map<string, PermissionReport>();
  const note = (report: PermissionReport) => void found.set(`${report.action} ${report.resource}`, report);
  return {
    of: (action, resource) => found.get(`${action} ${resource}`),
    async attempt({ needs, by = 'call', passes = () => false }, call) {
      const proven = () => {
        for (const [action, resource] of needs) note({ action, resource, state: 'proven', by });
      };
      try {
        const answer = await call();
        proven();
        return answer;
      } catch (error) {
        if (passes(error)) proven();
        else for (const report of denials(error, needs)) note({ ...report, by });
        throw error;
      }
    },
  };
}

/** Of several, what AWS names; where it names none of them, nobody knows which was missing. */
function denials(error: unknown, needs: readonly Pair[]): PermissionReport[] {
  if (!isAwsCallError(error, 'ACCESS_DENIED')) return [];
  const [, action, on] = /perform: ([\w-]+:\w+)(?: on resource: "?([^\s"]+))?/.exec(error.message) ?? [];
  const named = needs.filter((need) => need[0] === action);
  const exact = named.filter((need) => need[1] === on);
  const denied = exact.length > 0 ? exact : named.length > 0 ? named : needs.length === 1 ? needs : [];
  const detail = reasonIn(error.message);
  return denied.map(([action, resource]) => ({ action, resource, state: 'denied', detail }));
}

/** Without what the call was and what EC2 encodes. */
export function reasonIn(message: string): string {
  const why =
    // From the beginning of a word alone, or a long word would be read again from each of its characters.
    /(?<!\S)(\S+ on resource: \S+ (?:with an explicit deny in an? [\w-]+ policy|because no [\w-]+ policy allows the \S+ action))/.exec(
      message,
    );
  return why?.[1] ?? message.replace(/Encoded authorization failure message.*/s, '').slice(0, 200);
}
