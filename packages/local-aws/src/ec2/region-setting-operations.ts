import { oneOf, required } from '../query/shape.ts';
import { operation } from './operation.ts';
import { regionSetting, setRegionSetting } from './region-settings.ts';

/** Encryption by default. What is set holds at once, here. */
export const getEbsEncryptionByDefault = operation({
  fields: {},
  run: (_input, context) => ({
    ebsEncryptionByDefault: regionSetting(context, 'encryptionByDefault') === 'true',
  }),
});

export const enableEbsEncryptionByDefault = operation({
  fields: {},
  run(_input, context) {
    setRegionSetting(context, 'encryptionByDefault', 'true');
    return { ebsEncryptionByDefault: true };
  },
});

export const disableEbsEncryptionByDefault = operation({
  fields: {},
  run(_input, context) {
    setRegionSetting(context, 'encryptionByDefault', 'false');
    return { ebsEncryptionByDefault: false };
  },
});

/** Nobody has set another. */
export const getEbsDefaultKmsKeyId = operation({
  fields: {},
  run: () => ({ kmsKeyId: 'alias/aws/ebs' }),
});

export const getImageBlockPublicAccessState = operation({
  fields: {},
  run: (_input, context) => ({
    imageBlockPublicAccessState: regionSetting(context, 'imageBlockPublicAccess'),
    managedBy: 'account',
  }),
});

export const enableImageBlockPublicAccess = operation({
  fields: { ImageBlockPublicAccessState: required(oneOf('block-new-sharing')) },
  run({ ImageBlockPublicAccessState: state }, context) {
    setRegionSetting(context, 'imageBlockPublicAccess', state);
    return { imageBlockPublicAccessState: state };
  },
});

export const disableImageBlockPublicAccess = operation({
  fields: {},
  run(_input, context) {
    setRegionSetting(context, 'imageBlockPublicAccess', 'unblocked');
    return { imageBlockPublicAccessState: 'unblocked' };
  },
});

export const getSnapshotBlockPublicAccessState = operation({
  fields: {},
  run: (_input, context) => ({
    state: regionSetting(context, 'snapshotBlockPublicAccess'),
    managedBy: 'account',
  }),
});

export const enableSnapshotBlockPublicAccess = operation({
  fields: { State: required(oneOf('block-all-sharing', 'block-new-sharing')) },
  run({ State: state }, context) {
    setRegionSetting(context, 'snapshotBlockPublicAccess', state);
    return { state };
  },
});

export const disableSnapshotBlockPublicAccess = operation({
  fields: {},
  run(_input, context) {
    setRegionSetting(context, 'snapshotBlockPublicAccess', 'unblocked');
    return { state: 'unblocked' };
  },
});
