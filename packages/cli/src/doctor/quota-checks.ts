import {
  DescribeImagesCommand,
  DescribeImportSnapshotTasksCommand,
  DescribeSnapshotsCommand,
} from '@aws-sdk/client-ec2';
import { GetServiceQuotaCommand } from '@aws-sdk/client-service-quotas';
import { isAwsCallError, pages } from '@ec2-image/aws-call';
import type { Evidence } from './evidence.ts';
import { type CheckReport, check, type Finding } from './report.ts';
import type { Scene } from './scene.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html and https://docs.aws.amazon.com/general/latest/gr/ebs-service.html */
const quotas = {
  AMIs: { service: 'ec2', code: 'L-B665C33B', usual: 50_000 },
  'public AMIs': { service: 'ec2', code: 'L-0E3CBAB9', usual: 5 },
  snapshots: { service: 'ebs', code: 'L-309BACF6', usual: 100_000 },
} as const;

/** At a time in a region; Service Quotas does not know it. https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-troubleshooting.html */
const mostTasks = 20;

/** Whether there is room for what an import makes. */
export async function checkQuotas(
  scene: Scene,
  { evidence, byS3 }: { readonly evidence: Evidence; readonly byS3: boolean },
): Promise<CheckReport[]> {
  const { ec2 } = scene.senders;
  const read = <T>(action: string, call: () => Promise<T>) =>
    evidence.attempt({ needs: [[action, '*']] }, call);
  const countAmis = async () => {
    let [all, open] = [0, 0];
    const list = pages(async (NextToken) => {
      const { Images, NextToken: nextToken } = await read('ec2:DescribeImages', () =>
        ec2.send(
          new DescribeImagesCommand({
            Owners: ['self'],
            IncludeDeprecated: true,
            IncludeDisabled: true,
            MaxResults: 1000,
            NextToken,
          }),
        ),
      );
      return { items: Images, nextToken };
    });
    for await (const images of list) {
      all += images.length;
      open += images.filter(({ Public }) => Public).length;
    }
    return { all, open };
  };
  const countSnapshots = async () => {
    let count = 0;
    const list = pages(async (NextToken) => {
      const { Snapshots, NextToken: nextToken } = await read('ec2:DescribeSnapshots', () =>
        ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], MaxResults: 1000, NextToken })),
      );
      return { items: Snapshots, nextToken };
    });
    for await (const snapshots of list) count += snapshots.length;
    return count;
  };
  const amis = countAmis();
  amis.catch(() => {});
  return Promise.all([
    check('quota of AMIs', async () => quotaFinding(scene, 'AMIs', (await amis).all)),
    check('quota of public AMIs', async () => {
      // Nothing that an import does makes one public.
      const finding = await quotaFinding(scene, 'public AMIs', (await amis).open);
      return finding.state === 'failed' ? { ...finding, state: 'warning' } : finding;
    }),
    check('quota of snapshots', async () => quotaFinding(scene, 'snapshots', await countSnapshots())),
    ...(byS3
      ? [
          check('quota of import tasks', async () => {
            let running = 0;
            const list = pages(async (NextToken) => {
              const { ImportSnapshotTasks, NextToken: nextToken } = await read(
                'ec2:DescribeImportSnapshotTasks',
                () => ec2.send(new DescribeImportSnapshotTasksCommand({ MaxResults: 1000, NextToken })),
              );
              return { items: ImportSnapshotTasks, nextToken };
            });
            for await (const tasks of list) {
              running += tasks.filter(({ SnapshotTaskDetail: detail }) =>
                ['active', 'pending', 'cancelling'].includes(detail?.Status ?? ''),
              ).length;
            }
            const detail = `${running} of ${mostTasks} running`;
            return running < mostTasks
              ? ({ state: 'ok', detail } as const)
              : ({
                  state: 'warning',
                  detail,
                  hint: 'An import waits until one of them ends, for two hours at most.',
                } as const);
          }),
        ]
      : []),
  ]);
}

async function quotaFinding(scene: Scene, name: keyof typeof quotas, used: number): Promise<Finding> {
  const { service, code, usual } = quotas[name];
  const { most, isKnown } = await readQuota(scene, { service, code, usual });
  const detail = `${used.toLocaleString('en-US')} of ${most.toLocaleString('en-US')}${isKnown ? '' : ", AWS's default"}`;
  if (used < most * 0.9) return { state: 'ok', detail };
  if (used < most) {
    return {
      state: 'warning',
      detail,
      hint: 'The quota is nearly full: delete some, or request an increase.',
    };
  }
  if (!isKnown) {
    const hint = 'Allow servicequotas:GetServiceQuota to have it checked.';
    return { state: 'warning', unseen: true, detail: `not provable: ${detail}`, hint };
  }
  return {
    state: 'failed',
    detail,
    hint: 'The quota is full: delete some, or request an increase.',
    fix: {
      what: `request a higher quota of ${name} (AWS decides on it)`,
      commands: [
        [
          ...['service-quotas', 'request-service-quota-increase'],
          ...['--service-code', service, '--quota-code', code, '--desired-value', String(most * 2)],
        ],
      ],
    },
  };
}

/** An account may have more than AWS's default, not less. */
async function readQuota(
  { senders, signal }: Scene,
  { service, code, usual }: { readonly service: string; readonly code: string; readonly usual: number },
): Promise<{ readonly most: number; readonly isKnown: boolean }> {
  try {
    const { Quota } = await senders.quotas.send(
      new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code }),
    );
    return { most: Quota?.Value ?? usual, isKnown: Quota?.Value !== undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (isAwsCallError(error)) return { most: usual, isKnown: false };
    throw error;
  }
}
