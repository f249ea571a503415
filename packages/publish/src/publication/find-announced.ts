import type { Image } from '@aws-sdk/client-ec2';
import { PublishError } from '../errors.ts';
import type { PublishTarget, RegionSession } from './target.ts';

/**
 * Why an AMI is not deregistered for another one: parameters name it, and would name nothing until the other one is published.
 *
 * @param replaced undefined where none is
 */
export async function findAnnounced(
  replaced: Image | undefined,
  { target, session }: { readonly target: PublishTarget; readonly session: RegionSession },
): Promise<PublishError[]> {
  const { region } = target;
  const names = replaced ? target.parametersOf(replaced) : [];
  if (!replaced || !session.parameters || names.length === 0) return [];
  const imageId = replaced.ImageId!;
  const values = await session.parameters.read(names);
  const naming = values.filter(({ value }) => value === imageId).map(({ name }) => name);
  if (naming.length === 0) return [];
  return [
    new PublishError(
      'REPLACED_AMI_ANNOUNCED',
      `${region}: ${imageId}, which is to be replaced, is named by ${naming.join(', ')}`,
      {
        hint: `Use another --suffix instead of --replace. Or delete the parameters in each region that the message names (\`aws ssm delete-parameter --name ${naming[0]} --region ${region}\`), then run the same command again.`,
        facts: { region, imageId, parameters: naming },
      },
    ),
  ];
}
