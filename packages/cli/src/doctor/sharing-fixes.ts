import type { PublishError } from '@ec2-image/publish';
import type { Fix } from './fix.ts';

/** What would let EC2 share an AMI in a region where it refuses to; undefined where only the configuration can. */
export function sharingFix({ code, facts }: PublishError, region: string): Fix | undefined {
  switch (code) {
    case 'PUBLIC_ACCESS_BLOCKED':
      return {
        what: `allow public ${facts.setting === 'image' ? 'AMIs' : 'snapshots'} in ${region}`,
        commands: [['ec2', `disable-${facts.setting}-block-public-access`]],
      };
    case 'PUBLIC_AMI_QUOTA':
      return {
        what: `request a higher quota of public AMIs in ${region} (AWS decides on it)`,
        commands: [
          [
            ...['service-quotas', 'request-service-quota-increase', '--service-code', 'ec2'],
            ...['--quota-code', 'L-0E3CBAB9', '--desired-value', String(Number(facts.publicAmiLimit) * 2)],
          ],
        ],
      };
    default:
      return undefined;
  }
}
