import { findKey } from '../kms/keys.ts';
import { oneOf, required, string } from '../query/shape.ts';
import { invalidParameterValue } from './errors.ts';
import { operation } from './operation.ts';
import { ebsAlias, regionSetting, setRegionSetting } from './region-settings.ts';

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

export const getEbsDefaultKmsKeyId = operation({
  fields: {},
  run: (_input, context) => ({ kmsKeyId: regionSetting(context, 'defaultKmsKey') }),
});

/** What is wrong with a key shows when something is to be encrypted with it. */
export const modifyEbsDefaultKmsKeyId = operation({
  fields: { KmsKeyId: required(string) },
  run({ KmsKeyId: given }, context) {
    const key = findKey(context.store, context, given);
    if (!key) throw invalidParameterValue(`The KMS key ${given} does not exist.`);
    const id = key.isManaged ? ebsAlias : key.arn;
    setRegionSetting(context, 'defaultKmsKey', id);
    return { kmsKeyId: id };
  },
});

export const resetEbsDefaultKmsKeyId = operation({
  fields: {},
  run(_input, context) {
    setRegionSetting(context, 'defaultKmsKey', ebsAlias);
    return { kmsKeyId: ebsAlias };
  },
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
