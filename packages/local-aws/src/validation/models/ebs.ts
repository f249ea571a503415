// Written by scripts/api-models.ts from the API model of the service.
import type { ApiModel } from '../api-model.ts';

export const ebsModel: ApiModel = {
  CompleteSnapshot: {
    type: 'structure',
    required: ['SnapshotId', 'ChangedBlocksCount'],
    members: {
      SnapshotId: { type: 'string', min: 1, max: 64, pattern: '^snap-[0-9a-f]+$' },
      ChangedBlocksCount: { type: 'integer', min: 0 },
      Checksum: { type: 'string', max: 64, pattern: '^[A-Za-z0-9+/=]+$' },
      ChecksumAlgorithm: { type: 'string', max: 32, pattern: '^[A-Za-z0-9]+$', enum: ['SHA256'] },
      ChecksumAggregationMethod: { type: 'string', max: 32, pattern: '^[A-Za-z0-9]+$', enum: ['LINEAR'] },
    },
  },
  GetSnapshotBlock: {
    type: 'structure',
    required: ['SnapshotId', 'BlockIndex', 'BlockToken'],
    members: {
      SnapshotId: { type: 'string', min: 1, max: 64, pattern: '^snap-[0-9a-f]+$' },
      BlockIndex: { type: 'integer', min: 0 },
      BlockToken: { type: 'string', max: 256, pattern: '^[A-Za-z0-9+/=]+$' },
    },
  },
  ListChangedBlocks: {
    type: 'structure',
    required: ['SecondSnapshotId'],
    members: {
      FirstSnapshotId: { type: 'string', min: 1, max: 64, pattern: '^snap-[0-9a-f]+$' },
      SecondSnapshotId: { type: 'string', min: 1, max: 64, pattern: '^snap-[0-9a-f]+$' },
      NextToken: { type: 'string', max: 256, pattern: '^[A-Za-z0-9+/=]+$' },
      MaxResults: { type: 'integer', min: 100, max: 10000 },
      StartingBlockIndex: { type: 'integer', min: 0 },
    },
  },
  ListSnapshotBlocks: {
    type: 'structure',
    required: ['SnapshotId'],
    members: {
      SnapshotId: { type: 'string', min: 1, max: 64, pattern: '^snap-[0-9a-f]+$' },
      NextToken: { type: 'string', max: 256, pattern: '^[A-Za-z0-9+/=]+$' },
      MaxResults: { type: 'integer', min: 100, max: 10000 },
      StartingBlockIndex: { type: 'integer', min: 0 },
    },
  },
  PutSnapshotBlock: {
    type: 'structure',
    required: ['SnapshotId', 'BlockIndex', 'BlockData', 'DataLength', 'Checksum', 'ChecksumAlgorithm'],
    members: {
      SnapshotId: { type: 'string', min: 1, max: 64, pattern: '^snap-[0-9a-f]+$' },
      BlockIndex: { type: 'integer', min: 0 },
      BlockData: { type: 'blob' },
      DataLength: { type: 'integer' },
      Progress: { type: 'integer', min: 0, max: 100 },
      Checksum: { type: 'string', max: 64, pattern: '^[A-Za-z0-9+/=]+$' },
      ChecksumAlgorithm: { type: 'string', max: 32, pattern: '^[A-Za-z0-9]+$', enum: ['SHA256'] },
    },
  },
  StartSnapshot: {
    type: 'structure',
    required: ['VolumeSize'],
    members: {
      VolumeSize: { type: 'integer', min: 1 },
      ParentSnapshotId: { type: 'string', min: 1, max: 64, pattern: '^snap-[0-9a-f]+$' },
      Tags: {
        type: 'list',
        member: {
          type: 'structure',
          members: {
            Key: { type: 'string', max: 127, pattern: '^[\\S\\s]+$' },
            Value: { type: 'string', max: 255, pattern: '^[\\S\\s]*$' },
          },
        },
      },
      Description: { type: 'string', max: 255, pattern: '^[\\S\\s]+$' },
      ClientToken: { type: 'string', max: 255, pattern: '^[\\S]+$' },
      Encrypted: { type: 'boolean' },
      KmsKeyArn: { type: 'string', min: 1, max: 2048, pattern: 'arn:aws[a-z\\-]*:kms:.*:[0-9]{12}:key/.*' },
      Timeout: { type: 'integer', min: 10, max: 4320 },
    },
  },
};
