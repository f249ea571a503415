import type { Image } from '@aws-sdk/client-ec2';
import { PublishError } from '../errors.ts';
import type { PublishTarget, RegionSession } from './target.ts';

interface Place {
  readonly target: Pick<PublishTarget, 'region' | 'parametersOf'>;
  readonly session: Pick<RegionSession, 'parameters'>;
}

/** Why AMIs are not deregistered for another one: parameters name them, and would name nothing until the other one is published. */
export async function findAnnounced(replaced: readonly Image[], place: Place): Promise<PublishError[]> {
  const found = await Promise.all(replaced.map((image) => whyAnnounced(image, place)));
  return found.filter((error) => error !== undefined);
}

/**
 * Just before one of them is deregistered: what a plan has found then may be out of date.
 *
 * @throws PublishError `REPLACED_AMI_ANNOUNCED`; the codes of a call where that cannot be read
 */
export async function requireUnannounced(replaced: Image, place: Place): Promise<void> {
  const [error] = await findAnnounced([replaced], place);
  if (error) throw error;
}

async function whyAnnounced(image: Image, { target, session }: Place): Promise<PublishError | undefined> {
  const { region } = target;
  const names = target.parametersOf(image);
  if (!session.parameters || names.length === 0) return undefined;
  const imageId = image.ImageId!;
  const values = await session.parameters.read(names);
  const naming = values.filter(({ value }) => value === imageId).map(({ name }) => name);
  if (naming.length === 0) return undefined;
  return new PublishError(
    'REPLACED_AMI_ANNOUNCED',
    `${region}: ${imageId}, which is to be replaced, is named by ${naming.join(', ')}`,
    {
      hint: `Use another --suffix instead of --replace. Or delete the parameters in each region that the message names (\`aws ssm delete-parameter --name ${naming[0]} --region ${region}\`), then run the same command again.`,
      facts: { region, imageId, parameters: naming },
    },
  );
}
