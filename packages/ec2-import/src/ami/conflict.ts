import { Ec2ImportError } from '../errors.ts';
import { type AmiVerdict, lacksHolesDifference } from './ami.ts';

/**
 * Why an AMI that has the wanted name stands in the way: `AMI_NAME_TAKEN` (somebody else's, nothing of it is touched),
 * `AMI_NAME_TAKEN_BY_OURS`, `AMI_DISABLED` or `AMI_FAILED`, with `imageId`, `ownerId`, `creationDate` and `differences`.
 */
export function conflictError(verdict: AmiVerdict): Ec2ImportError {
  const { ami, kind } = verdict;
  const { imageId, region, name, ownerId, creationDate, state, stateReason } = ami;
  const differences = verdict.kind === 'different' ? verdict.differences : [];
  const facts = { imageId, amiName: name, ownerId, creationDate, state, differences };
  const which = `${imageId} (account ${ownerId ?? 'unknown'}, created ${creationDate ?? 'at an unknown time'})`;
  if (kind === 'different') {
    return new Ec2ImportError(
      'AMI_NAME_TAKEN_BY_OURS',
      `AMI name ${name} is already used by ${which}, which ec2-image registered; ${differences.join(', ')}`,
      { hint: hintFor(differences), facts },
    );
  }
  if (kind === 'disabled') {
    return new Ec2ImportError('AMI_DISABLED', `the AMI of this image exists, but is disabled: ${which}`, {
      hint: `Enable it with \`aws ec2 enable-image --image-id ${imageId} --region ${region}\`, or use --replace or another --suffix.`,
      facts,
    });
  }
  if (kind === 'failed') {
    return new Ec2ImportError(
      'AMI_FAILED',
      `AMI ${imageId} is ${state}: ${stateReason ?? 'EC2 gives no reason'}`,
      {
        hint: 'Run the same command again: it deregisters the failed AMI and registers its snapshot again.',
        facts,
      },
    );
  }
  return new Ec2ImportError(
    'AMI_NAME_TAKEN',
    `AMI name ${name} is already used by an AMI that ec2-image did not register: ${which}${ami.foreignOrigin ? `; it ${ami.foreignOrigin}` : ''}`,
    {
      hint: 'Use another --name or --suffix. ec2-image never changes an AMI that it did not register, not even a copy with its tags.',
      facts,
    },
  );
}

function hintFor(differences: readonly string[]): string {
  const others = 'another --suffix, or --replace to deregister it and delete its snapshots';
  const wouldDo = differences.every((difference) => difference === lacksHolesDifference);
  return wouldDo ? `Use it by --via ebs --omit-holes, or use ${others}.` : `Use ${others}.`;
}
