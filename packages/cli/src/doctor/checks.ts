import { execFile } from 'node:child_process';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { createSender, isAwsCallError, refusedCodeOf } from '@ec2-image/aws-call';
import { checkBucket } from '@ec2-image/s3-upload';
import type { Cloud } from '../aws/cloud.ts';
import { explain } from '../errors/explain.ts';
import { formatBytes } from '../render/format.ts';

export type CheckState = 'ok' | 'warning' | 'failed' | 'skipped';

export interface CheckReport {
  readonly check: string;
  readonly state: CheckState;
  /** What was found. */
  readonly detail: string;
  /** What to do; only where something is to be done. */
  readonly hint?: string;
}

/** Room for a download, what comes out of its compression, and the disk of one common cloud image. */
const comfortableFreeBytes = 10 * 1024 ** 3;

/** Runs a check so that its failure is a finding, not the end. */
export async function check(
  name: string,
  look: () => Promise<Omit<CheckReport, 'check'>>,
): Promise<CheckReport> {
  try {
    return { check: name, ...(await look()) };
  } catch (error) {
    const { code, message, hint } = explain(error);
    return {
      check: name,
      state: 'failed',
      detail: message,
      hint: (isAwsCallError(error) ? hints[code] : undefined) ?? hint,
    };
  }
}

/** Of what is said to an import, the half that matters here: there is nothing that could go on. */
const hints: Readonly<Record<string, string>> = {
  AWS_UNREACHABLE: 'Check the network, its proxy, and --endpoint-url.',
  CREDENTIALS_EXPIRED: 'Renew them (for SSO: aws sso login).',
};

export function checkTool({
  tool,
  neededFor,
  packages,
  env,
}: {
  readonly tool: string;
  readonly neededFor: string;
  readonly packages: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<CheckReport> {
  return check(tool, async () => {
    try {
      const { stdout } = await promisify(execFile)(tool, ['--version'], { env: { ...env }, timeout: 10_000 });
      return { state: 'ok', detail: stdout.split('\n')[0] ?? '' };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return {
        state: 'failed',
        detail: `not found; it is needed for ${neededFor}`,
        hint: `Install ${packages}.`,
      };
    }
  });
}

export function checkWorkDirectory(path: string): Promise<CheckReport> {
  return check('work directory', async () => {
    // It is made by the first import; until then, what counts is where it will be.
    const place = await nearestExisting(path);
    if (!(await stat(place)).isDirectory()) {
      return {
        state: 'failed',
        detail: `${place} is not a directory`,
        hint: 'Move it away, or name another place with --work-dir.',
      };
    }
    await access(place, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(place);
    const free = bavail * bsize;
    const shown = place === path ? path : `${path} (not created yet)`;
    return free >= comfortableFreeBytes
      ? { state: 'ok', detail: `${shown}, ${formatBytes(free)} free` }
      : {
          state: 'warning',
          detail: `${shown} has ${formatBytes(free)} free`,
          hint: 'An image needs room for its download and its disk: name a larger place with --work-dir.',
        };
  });
}

async function nearestExisting(path: string): Promise<string> {
  for (let place = path; ; place = dirname(place)) {
    const missing = await stat(place).then(
      () => false,
      ({ code }: NodeJS.ErrnoException) =>
        (code === 'ENOENT' || code === 'ENOTDIR') && place !== dirname(place),
    );
    if (!missing) return place;
  }
}

export function checkBucketOf(
  { s3, region, account, calls }: Cloud,
  bucket: string,
  signal: AbortSignal,
): Promise<CheckReport> {
  return check(`bucket ${bucket}`, async () => {
    await checkBucket({ ...calls, client: s3, bucket, region, expectedBucketOwner: account, signal });
    return { state: 'ok', detail: `in ${region}${account ? `, owned by ${account}` : ''}` };
  });
}

export function checkEc2({ ec2, region, calls }: Cloud, signal: AbortSignal): Promise<CheckReport> {
  return check('EC2', async () => {
    const sender = createSender({ ...calls, client: ec2, service: 'EC2', signal });
    await sender.send(new DescribeImagesCommand({ Owners: ['self'], MaxResults: 5 }));
    return { state: 'ok', detail: `AMIs of ${region} can be listed` };
  });
}

export function checkRole(
  { iam, calls }: Cloud,
  roleName: string,
  signal: AbortSignal,
): Promise<CheckReport> {
  return check(`role ${roleName}`, async () => {
    const sender = createSender({ ...calls, client: iam, service: 'IAM', signal });
    try {
      const { Role } = await sender.send(new GetRoleCommand({ RoleName: roleName }));
      const problem = trustProblem(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
      return problem
        ? { state: 'failed', detail: problem, hint: 'Give the role the trust policy that the README shows.' }
        : { state: 'ok', detail: 'trusts vmie.amazonaws.com' };
    } catch (error) {
      if (['NoSuchEntity', 'NoSuchEntityException'].includes(refusedCodeOf(error) ?? '')) {
        return {
          state: 'failed',
          detail: 'does not exist',
          hint: 'Create it as the README shows, or name another with --role-name.',
        };
      }
      if (!isAwsCallError(error, 'ACCESS_DENIED')) throw error;
      return {
        state: 'warning',
        detail: 'not checked: iam:GetRole denied',
        hint: 'Allow iam:GetRole to have it checked; an import does not need it.',
      };
    }
  });
}

/** What keeps VM Import from assuming a role with this trust policy; undefined where nothing does. */
export function trustProblem(document: string): string | undefined {
  let statements: unknown[];
  try {
    statements = [(JSON.parse(document) as { Statement?: unknown }).Statement ?? []].flat();
  } catch {
    return 'its trust policy cannot be read';
  }
  const trusting = statements.filter((statement) => {
    const { Effect, Principal } = statement as {
      Effect?: string;
      Principal?: { Service?: string | string[] };
    };
    return Effect === 'Allow' && [Principal?.Service ?? []].flat().includes('vmie.amazonaws.com');
  });
  if (trusting.length === 0) return 'its trust policy does not name vmie.amazonaws.com';
  return trusting.some(takesExternalId)
    ? undefined
    : `its trust policy asks vmie.amazonaws.com for another sts:ExternalId than ${externalId}`;
}

/** What VM Import sends along when it assumes the role. */
const externalId = 'vmimport';

/** No condition on it is as good as the right one. */
function takesExternalId(statement: unknown): boolean {
  const { Condition } = statement as { Condition?: Record<string, Record<string, string | string[]>> };
  return Object.values(Condition ?? {})
    .flatMap((keys) => Object.entries(keys ?? {}))
    .filter(([key]) => key.toLowerCase() === 'sts:externalid')
    .every(([, values]) => [values].flat().includes(externalId));
}
