import { GetRoleCommand } from '@aws-sdk/client-iam';
import { createSender, isAwsCallError, refusedCodeOf } from '@ec2-image/aws-call';
import type { ImageRun } from './run.ts';

const defaultRoleName = 'vmimport';

/** Far more than AWS takes to show a role everywhere: whoever made it may have allowed it something since. */
const freshMs = 10 * 60_000;

/** Whether EC2 may not see the import's role only because it was made a moment ago: one that cannot be read may be. */
export async function mayBeFreshRole({ cloud, request, signal, notice }: ImageRun): Promise<boolean> {
  const iam = createSender({ ...cloud.calls, client: cloud.iam, service: 'IAM', signal, onNotice: notice });
  try {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: request.roleName ?? defaultRoleName }));
    const createdAt = Role?.CreateDate?.getTime();
    return createdAt === undefined || iam.now() - createdAt < freshMs;
  } catch (error) {
    if (!isAwsCallError(error)) throw error;
    return !/^NoSuchEntity/.test(refusedCodeOf(error) ?? '');
  }
}
