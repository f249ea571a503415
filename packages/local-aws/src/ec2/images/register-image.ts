import { boolean, oneOf, required, string } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { linkSnapshots } from '../image-snapshots.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { type Snapshot, type SnapshotFacts, snapshotState } from '../snapshots/snapshot.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import { blockDeviceMappings, checkedBlockDevices } from './block-devices.ts';
import { checkFirmware } from './firmware.ts';
import type { ImageFacts } from './image.ts';
import { checkImageCount } from './image-quotas.ts';

const maxDescription = 255;

/** The defaults are EC2's own: i386 and paravirtual, which hardly anything boots from. */
export const registerImage = operation({
  fields: {
    Name: required(string),
    Description: string,
    Architecture: oneOf('i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac'),
    VirtualizationType: oneOf('hvm', 'paravirtual'),
    RootDeviceName: string,
    BlockDeviceMapping: blockDeviceMappings,
    BootMode: oneOf('legacy-bios', 'uefi', 'uefi-preferred'),
    TpmSupport: oneOf('v2.0'),
    ImdsSupport: oneOf('v2.0'),
    UefiData: string,
    EnaSupport: boolean,
    SriovNetSupport: oneOf('simple'),
    KernelId: string,
    RamdiskId: string,
    ImageLocation: string,
    TagSpecification: tagSpecifications,
  },
  run(input, context) {
    const { accountId, store, resources, settings, now } = context;
    const { Name: name, Architecture: architecture = 'i386' } = input;
    checkName(name);
    checkFirmware({
      ...input,
      architecture,
      virtualizationType: input.VirtualizationType ?? 'paravirtual',
    });
    if ((input.Description ?? '').length > maxDescription) {
      throw invalidParameterValue(
        `The description exceeds the maximum length of ${maxDescription} characters`,
      );
    }
    if (input.ImageLocation !== undefined) {
      throw ec2Error('UnsupportedOperation', 'Registering instance store-backed AMIs is not supported.');
    }
    const tags = specifiedTags(input.TagSpecification, 'image');
    const imageId = store.transaction(() => {
      const namesake = resources.findByName('image', name);
      if (namesake) {
        throw ec2Error(
          'InvalidAMIName.Duplicate',
          `AMI name ${name} is already in use by AMI ${namesake.id}`,
        );
      }
      checkImageCount(context);
      const blockDevices = checkedBlockDevices(input.BlockDeviceMapping, {
        rootDeviceName: input.RootDeviceName,
        snapshotOf: (id) => completeSnapshot(id, context),
      });
      const facts: ImageFacts = {
        ownerId: accountId,
        name,
        description: input.Description,
        architecture,
        virtualizationType: input.VirtualizationType ?? 'paravirtual',
        rootDeviceName: input.RootDeviceName,
        blockDevices,
        bootMode: input.BootMode,
        tpmSupport: input.TpmSupport,
        imdsSupport: input.ImdsSupport,
        uefiData: input.UefiData,
        enaSupport: input.EnaSupport,
        sriovNetSupport: input.SriovNetSupport,
        kernelId: input.KernelId,
        ramdiskId: input.RamdiskId,
        outcome: 'available',
        settlesAt: now() + settings.imageCreationMs,
      };
      const { id } = resources.insert('image', { name, facts, tags });
      linkSnapshots(
        store,
        id,
        blockDevices.flatMap(({ ebs }) => ebs?.snapshotId ?? []),
      );
      return id;
    });
    return { imageId };
  },
});

export function checkName(name: string): void {
  if (!/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/.test(name)) {
    throw ec2Error(
      'InvalidAMIName.Malformed',
      "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
    );
  }
}

function completeSnapshot(id: string, { resources, now }: Ec2Context): Snapshot {
  const snapshot = resources.get<SnapshotFacts>('snapshot', id);
  const state = snapshotState(snapshot.facts, now());
  if (state !== 'completed') throw ec2Error('IncorrectState', `Snapshot is in invalid state - ${state}`);
  return snapshot;
}
