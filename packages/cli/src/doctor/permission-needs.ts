import { defaultKeyPrefix } from '../config/s3-settings.ts';
import type { Permission, PolicyName } from '../iam/permission.ts';
import { permissionTable } from '../iam/policy-document.ts';
import { targetArns } from '../iam/policy-scope.ts';
import type { Evidence } from './evidence.ts';
import type { Place } from './places.ts';
import type { PermissionReport } from './report.ts';
import type { Scene } from './scene.ts';
import { simulate } from './simulate.ts';

interface ResourceNeed {
  readonly actions: readonly string[];
  readonly resource: string;
  /** What the call says of itself that the policy asks for. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

interface Needs {
  readonly names: readonly PolicyName[];
  /** Undefined where they need no bucket. */
  readonly place?: Pick<Place, 'bucket' | 'keyPrefix'>;
}

/** Whether the caller has every permission of these commands in the scene's region, but those on keys. */
export async function askPermissions(
  scene: Scene,
  { evidence, ...needs }: Needs & { readonly evidence: Evidence },
): Promise<PermissionReport[]> {
  const reports = needsOf(scene, needs).map((need) => ofNeed(scene, need, evidence));
  return (await Promise.all(reports)).flat();
}

/** Of the one table; keys have policies of their own, and come by themselves. */
function needsOf(
  { region, account }: Scene,
  { names, place: { bucket, keyPrefix } = { keyPrefix: defaultKeyPrefix } }: Needs,
): ResourceNeed[] {
  const scope = {
    regions: [region],
    buckets: bucket === undefined ? [] : [bucket],
    keyPrefixes: [keyPrefix],
    account,
  };
  const ofKeys = new Set(['snapshot-keys', 'object-keys']);
  const ofBucket = new Set(['bucket', 'objects']);
  const needs = names
    .flatMap((name) => permissionTable[name])
    .filter(
      ({ on }) => !on.some((target) => ofKeys.has(target) || (bucket === undefined && ofBucket.has(target))),
    )
    .flatMap(({ actions, on, condition }) =>
      on.flatMap((target) =>
        targetArns(target, scope).map((resource) => ({ actions, resource, context: meeting(condition) })),
      ),
    );
  return byResource(needs);
}

/** What both an import and publishing need in the same way is asked once. */
function byResource(needs: readonly ResourceNeed[]): ResourceNeed[] {
  const actions = new Map<string, Set<string>>();
  return needs.flatMap((need) => {
    const asked = actions.get(need.resource) ?? new Set();
    actions.set(need.resource, asked);
    const way = JSON.stringify(need.context);
    const open = need.actions.filter((action) => !asked.has(`${action} ${way}`));
    for (const action of open) asked.add(`${action} ${way}`);
    return open.length > 0 ? { ...need, actions: open } : [];
  });
}

/** Values that a condition of the table is true for. */
function meeting(condition: Permission['condition'] = {}): ResourceNeed['context'] {
  return Object.fromEntries(
    Object.entries(condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => {
        const value = [values].flat()[0]!.replaceAll('*', 'ec2-image-doctor');
        return [key, operator.startsWith('ForAnyValue:') ? [value] : value];
      }),
    ),
  );
}

/** What a call has shown counts; the rest is simulated. */
async function ofNeed(
  scene: Scene,
  { actions, resource, context }: ResourceNeed,
  evidence: Evidence,
): Promise<PermissionReport[]> {
  // A call shows what it is allowed by what it says of itself.
  const isPlain = Object.keys(context).length === 0;
  const shown = actions.map((action) => (isPlain ? evidence.of(action, resource) : undefined));
  const open = actions.filter((_, index) => shown[index] === undefined);
  const { caller } = scene;
  const simulated =
    open.length === 0
      ? []
      : await simulate(scene, {
          source: caller.source,
          context,
          // IAM simulates one resource, not a pattern.
          wanted: {
            actions: open,
            resource: resource.replace(/\*$/, resource === '*' ? '*' : 'ec2-image-doctor'),
          },
          unprovable: caller.unprovable,
        });
  return [
    ...shown.flatMap((report) => report ?? []),
    ...simulated.map((report) => ({ ...report, resource })),
  ];
}
