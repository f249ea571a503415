import { findKey } from '../../kms/keys.ts';
import { ec2Error } from '../errors.ts';
import type { Ec2Context } from '../operation.ts';
import { regionSetting } from '../region-settings.ts';
import type { SnapshotFacts } from '../snapshots/snapshot.ts';
import { type Image, type ImageFacts, imageState, isPublic, type LaunchPermission } from './image.ts';
import { checkPublicImageCount } from './image-quotas.ts';
import type { PermissionChange } from './launch-permissions.ts';

/**
 * Whether EC2 lets an AMI be shared so.
 *
 * @throws ServiceError
 */
export function checkSharing(
  { id, facts }: Image,
  { add, remove }: PermissionChange,
  context: Ec2Context,
): void {
  const state = imageState(facts, context.now());
  if (state === 'disabled') {
    throw ec2Error('IncorrectState', `The image ${id} is disabled and cannot be shared.`);
  }
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: "not in a state from which you can
  // launch an instance or modify attributes".
  if (state !== 'available') {
    throw ec2Error('InvalidAMIID.Unavailable', `The image ID '${id}' is not available: it is ${state}`);
  }
  checkOrganizations([...add, ...remove]);
  if (add.length === 0) return;
  checkKeys(facts, context);
  if (!add.some(({ group }) => group === 'all') || isPublic(facts)) return;
  if (regionSetting(context, 'imageBlockPublicAccess') !== 'unblocked') {
    throw ec2Error(
      'OperationNotPermitted',
      "You can't publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API.",
    );
  }
  checkUnencrypted(facts);
  checkPublicImageCount(context);
}

/** With nobody, where AWS's own key encrypts it: https://github.com/hashicorp/packer/issues/7410. */
function checkKeys({ blockDevices }: ImageFacts, { store, resources, ...place }: Ec2Context): void {
  const ids = blockDevices.flatMap(({ ebs }) => ebs?.snapshotId ?? []);
  const keys = ids.map((id) => resources.find<SnapshotFacts>('snapshot', id)?.facts.kmsKeyId);
  if (!keys.some((key) => key !== undefined && findKey(store, place, key)?.isManaged)) return;
  throw ec2Error(
    'InvalidParameter',
    "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
  );
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html, in the words of opendevstack/ods-core#1062. */
function checkUnencrypted({ blockDevices }: ImageFacts): void {
  if (!blockDevices.some(({ ebs }) => ebs?.encrypted)) return;
  throw ec2Error(
    'UnsupportedOperation',
    "Encrypted snapshots can't be shared publicly. Specify another snapshot.",
  );
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/share-amis-org-ou-manage.html#get-org-arn */
const organizationArns = {
  organizationArn: /^arn:aws[a-z-]*:organizations::\d{12}:organization\/o-[a-z0-9]{10,32}$/,
  organizationalUnitArn:
    /^arn:aws[a-z-]*:organizations::\d{12}:ou\/o-[a-z0-9]{10,32}\/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$/,
} as const;

function checkOrganizations(permissions: readonly LaunchPermission[]): void {
  for (const permission of permissions) {
    for (const [name, form] of Object.entries(organizationArns)) {
      const arn = permission[name as keyof typeof organizationArns];
      if (arn !== undefined && !form.test(arn)) {
        throw ec2Error(
          'InvalidAMIAttributeItemValue',
          `Invalid attribute item value "${arn}" for ${name} item type.`,
        );
      }
    }
  }
}
