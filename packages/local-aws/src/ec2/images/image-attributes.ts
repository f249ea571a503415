import { list, oneOf, required, string, structure } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { ec2Error, invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { regionSetting } from '../region-settings.ts';
import { type Image, type ImageFacts, isPublic, type LaunchPermission, protectionOf } from './image.ts';
import { checkPublicImageCount } from './image-quotas.ts';

const permissionList = list(
  structure({
    UserId: string,
    Group: oneOf('all'),
    OrganizationArn: string,
    OrganizationalUnitArn: string,
  }),
);

export const describeImageAttribute = operation({
  fields: {
    ImageId: required(string),
    Attribute: required(
      oneOf(
        'description',
        'kernel',
        'ramdisk',
        'launchPermission',
        'productCodes',
        'blockDeviceMapping',
        'sriovNetSupport',
        'bootMode',
        'tpmSupport',
        'uefiData',
        'lastLaunchedTime',
        'imdsSupport',
        'deregistrationProtection',
      ),
    ),
  },
  run({ ImageId: id, Attribute: attribute }, { resources, now }) {
    const image = resources.get<ImageFacts>('image', id);
    return { imageId: id, [attribute]: attributeOf(image, attribute, now()) };
  },
});

function attributeOf({ facts }: Image, attribute: string, now: number): XmlElements {
  const value = (text: string | undefined): XmlElements => (text === undefined ? {} : { value: text });
  switch (attribute) {
    case 'description':
      return value(facts.description);
    case 'kernel':
      return value(facts.kernelId);
    case 'ramdisk':
      return value(facts.ramdiskId);
    case 'sriovNetSupport':
      return value(facts.sriovNetSupport);
    case 'bootMode':
      return value(facts.bootMode);
    case 'tpmSupport':
      return value(facts.tpmSupport);
    case 'uefiData':
      return value(facts.uefiData);
    case 'imdsSupport':
      return value(facts.imdsSupport);
    case 'lastLaunchedTime':
      return value(
        facts.lastLaunchedAt === undefined ? undefined : new Date(facts.lastLaunchedAt).toISOString(),
      );
    case 'deregistrationProtection':
      return value(protectionOf(facts, now));
    case 'launchPermission':
      return { item: (facts.launchPermissions ?? []).map((permission) => ({ ...permission })) };
    case 'productCodes':
      return {};
    default:
      // So EC2 answers for the block device mapping, whoever asks.
      throw ec2Error('AuthFailure', `Unauthorized attempt to access ${attribute} attribute`);
  }
}

export const modifyImageAttribute = operation({
  fields: {
    ImageId: required(string),
    Attribute: string,
    Value: string,
    Description: structure({ Value: string }),
    ImdsSupport: structure({ Value: oneOf('v2.0') }),
    LaunchPermission: structure({ Add: permissionList, Remove: permissionList }),
    OperationType: oneOf('add', 'remove'),
    UserId: list(string),
    UserGroup: list(string),
    OrganizationArn: list(string),
    OrganizationalUnitArn: list(string),
  },
  run(input, context) {
    const { store, resources } = context;
    const { ImageId: id, Attribute: attribute } = input;
    const description = input.Description?.Value ?? (attribute === 'description' ? input.Value : undefined);
    const imdsSupport = input.ImdsSupport?.Value ?? (attribute === 'imdsSupport' ? input.Value : undefined);
    const permissions = permissionChange(input);
    if (description === undefined && imdsSupport === undefined && !permissions) {
      throw invalidParameterCombination('No attributes specified.');
    }
    store.transaction(() => {
      const { facts } = resources.get<ImageFacts>('image', id);
      if (permissions && facts.outcome === 'disabled') {
        throw ec2Error('IncorrectState', `The image ${id} is disabled and cannot be shared.`);
      }
      if (permissions?.add.some(({ group }) => group === 'all') && !isPublic(facts)) {
        checkPublication(context);
        checkUnencrypted(facts);
      }
      resources.setFacts<ImageFacts>(id, {
        ...facts,
        ...(description !== undefined && { description }),
        ...(imdsSupport !== undefined && { imdsSupport }),
        ...(permissions && { launchPermissions: changed(facts.launchPermissions ?? [], permissions) }),
      });
    });
    return { return: true };
  },
});

function checkPublication(context: Ec2Context): void {
  if (regionSetting(context, 'imageBlockPublicAccess') !== 'unblocked') {
    throw ec2Error(
      'OperationNotPermitted',
      "You can't publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API.",
    );
  }
  checkPublicImageCount(context);
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html, in the words of opendevstack/ods-core#1062. */
function checkUnencrypted({ blockDevices }: ImageFacts): void {
  if (!blockDevices.some(({ ebs }) => ebs?.encrypted)) return;
  throw ec2Error(
    'UnsupportedOperation',
    "Encrypted snapshots can't be shared publicly. Specify another snapshot.",
  );
}

interface PermissionChange {
  readonly add: readonly LaunchPermission[];
  readonly remove: readonly LaunchPermission[];
}

/** Permissions come as a structure, or as an attribute, an operation and lists of who. */
function permissionChange(input: {
  LaunchPermission?: {
    readonly Add: readonly PermissionInput[];
    readonly Remove: readonly PermissionInput[];
  };
  OperationType?: 'add' | 'remove';
  UserId: readonly string[];
  UserGroup: readonly string[];
  OrganizationArn: readonly string[];
  OrganizationalUnitArn: readonly string[];
}): PermissionChange | undefined {
  const listed: LaunchPermission[] = [
    ...input.UserId.map((userId) => ({ userId })),
    ...input.UserGroup.map((group) => ({ group })),
    ...input.OrganizationArn.map((organizationArn) => ({ organizationArn })),
    ...input.OrganizationalUnitArn.map((organizationalUnitArn) => ({ organizationalUnitArn })),
  ];
  if (!input.LaunchPermission && listed.length === 0) return undefined;
  const { Add = [], Remove = [] } = input.LaunchPermission ?? {};
  const change = {
    add: [...Add.map(permissionOf), ...(input.OperationType === 'add' ? listed : [])],
    remove: [...Remove.map(permissionOf), ...(input.OperationType === 'remove' ? listed : [])],
  };
  for (const { userId, group } of [...change.add, ...change.remove]) {
    if (userId !== undefined && !/^\d{12}$/.test(userId)) {
      throw ec2Error(
        'InvalidAMIAttributeItemValue',
        `Invalid attribute item value "${userId}" for userId item type.`,
      );
    }
    if (group !== undefined && group !== 'all') {
      throw invalidParameterValue(`Invalid value '${group}' for group. Expected all`);
    }
  }
  return change;
}

interface PermissionInput {
  readonly UserId?: string;
  readonly Group?: string;
  readonly OrganizationArn?: string;
  readonly OrganizationalUnitArn?: string;
}

function permissionOf({
  UserId,
  Group,
  OrganizationArn,
  OrganizationalUnitArn,
}: PermissionInput): LaunchPermission {
  return {
    userId: UserId,
    group: Group,
    organizationArn: OrganizationArn,
    organizationalUnitArn: OrganizationalUnitArn,
  };
}

function changed(
  present: readonly LaunchPermission[],
  { add, remove }: PermissionChange,
): LaunchPermission[] {
  const key = (permission: LaunchPermission) =>
    permission.userId ??
    permission.group ??
    permission.organizationArn ??
    permission.organizationalUnitArn ??
    '';
  const all = new Map([...present, ...add].map((permission) => [key(permission), permission]));
  for (const permission of remove) all.delete(key(permission));
  return [...all.values()];
}

export const resetImageAttribute = operation({
  fields: { ImageId: required(string), Attribute: required(oneOf('launchPermission')) },
  run({ ImageId: id }, { store, resources }) {
    store.transaction(() => {
      const { facts } = resources.get<ImageFacts>('image', id);
      resources.setFacts<ImageFacts>(id, { ...facts, launchPermissions: [] });
    });
    return { return: true };
  },
});
