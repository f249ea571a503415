export {
  type AmiNameParts,
  amiNameDate,
  amiNameOf,
  amiNamePlaceholders,
  datedAmiName,
  defaultAmiNameTemplate,
  isAmiName,
  parseAmiName,
  placeholdersOf,
} from './ami-name.ts';
export { bootTestToken, type ClientTokenParts, clientToken, copyToken } from './client-token.ts';
export {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestHex,
  digestOf,
  parseDigest,
  shortDigest,
} from './digest.ts';
export {
  type DisabledMark,
  disabledKey,
  formatDisabledMark,
  launchPermissionsKey,
  notedLaunchPermissions,
  readDisabledMark,
  retiredKey,
} from './disabled.ts';
export { ProvenanceError } from './errors.ts';
export {
  type DiskFormat,
  diskFormats,
  earlierObjectKey,
  keyPrefix,
  type ObjectKeyParts,
  objectKey,
  parseObjectKey,
  resemblesHandMadeKey,
} from './object-key.ts';
export {
  copiedDescription,
  copyOfKey,
  foreignImageOrigin,
  type ImageMarks,
  isTestInstance,
  type SnapshotMarks,
  type SnapshotOrigin,
  snapshotOrigin,
  whyNotOurImage,
  whyNotOurSnapshot,
  writtenDescription,
} from './origin.ts';
export { isSufficientProof, type ProofExtent, proofExtents } from './proof-extent.ts';
export {
  amiTags,
  bootTestKey,
  bootTestTags,
  cutDescription,
  failedProofTags,
  formatStartedAt,
  hasFailedProof,
  isOurs,
  keptKey,
  lacksHoles,
  metadataOf,
  omittedHolesTag,
  type Provenance,
  provenanceKeys,
  provenanceTags,
  readProof,
  readProvenance,
  type Tags,
  tagList,
  tagRecord,
  tagsOfMetadata,
} from './tags.ts';
