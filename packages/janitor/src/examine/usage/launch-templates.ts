import { DescribeLaunchTemplatesCommand, DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2';
import { pages, refusedCodeOf } from '@ec2-image/aws-call';
import type { Ec2 } from '../../senders.ts';
import { type AddUse, type RegionToRead, snapshotsIn } from './use.ts';

/** EC2 gives no longer pages. */
const pageSize = 200;

/** Every version of every template: AWS tells all versions only of a template that is named. */
export async function readLaunchTemplates({ senders, region }: RegionToRead, add: AddUse): Promise<void> {
  const ec2 = senders.ec2(region);
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeLaunchTemplatesCommand({ MaxResults: pageSize, NextToken: token }),
    );
    return { items: page.LaunchTemplates, nextToken: page.NextToken };
  });
  for await (const templates of list) {
    for (const { LaunchTemplateId } of templates) await readVersions(ec2, LaunchTemplateId, add);
  }
}

async function readVersions(ec2: Ec2, id: string | undefined, add: AddUse): Promise<void> {
  const list = pages(async (token) => {
    const page = await ec2.send(
      new DescribeLaunchTemplateVersionsCommand({
        LaunchTemplateId: id,
        MaxResults: pageSize,
        NextToken: token,
      }),
    );
    return { items: page.LaunchTemplateVersions, nextToken: page.NextToken };
  });
  try {
    for await (const versions of list) {
      for (const { LaunchTemplateData: data, VersionNumber } of versions) {
        add(`${id} version ${VersionNumber}`, [data?.ImageId, ...snapshotsIn(data?.BlockDeviceMappings)]);
      }
    }
  } catch (error) {
    // Somebody has just deleted it.
    if (refusedCodeOf(error) !== 'InvalidLaunchTemplateId.NotFound') throw error;
  }
}
