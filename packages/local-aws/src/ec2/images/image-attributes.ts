import { list, oneOf, required, string, structure } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { ec2Error, invalidParameterCombination } from '../errors.ts';
import { operation } from '../operation.ts';
import { type Image, type ImageFacts, protectionOf } from './image.ts';
import { checkSharing } from './image-sharing.ts';
import { changed, permissionChange } from './launch-permissions.ts';

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
      const image = resources.get<ImageFacts>('image', id);
      if (permissions) checkSharing(image, permissions, context);
      const { facts } = image;
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
