// Written by scripts/api-models.ts from the API model of the service.
import type { ApiModel } from '../api-model.ts';

export const ssmModel: ApiModel = {
  DeleteParameter: {
    type: 'structure',
    required: ['Name'],
    members: { Name: { type: 'string', min: 1, max: 2048 } },
  },
  DescribeParameters: {
    type: 'structure',
    members: {
      Filters: {
        type: 'list',
        member: {
          type: 'structure',
          required: ['Key', 'Values'],
          members: {
            Key: { type: 'string', enum: ['Name', 'Type', 'KeyId'] },
            Values: { type: 'list', min: 1, max: 50, member: { type: 'string', min: 1, max: 1024 } },
          },
        },
      },
      ParameterFilters: {
        type: 'list',
        member: {
          type: 'structure',
          required: ['Key'],
          members: {
            Key: {
              type: 'string',
              min: 1,
              max: 132,
              pattern: 'tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType',
            },
            Option: { type: 'string', min: 1, max: 10 },
            Values: { type: 'list', min: 1, max: 50, member: { type: 'string', min: 1, max: 1024 } },
          },
        },
      },
      MaxResults: { type: 'integer', min: 1, max: 50 },
      NextToken: { type: 'string' },
    },
  },
  GetParameter: {
    type: 'structure',
    required: ['Name'],
    members: { Name: { type: 'string', min: 1, max: 2048 }, WithDecryption: { type: 'boolean' } },
  },
  GetParameterHistory: {
    type: 'structure',
    required: ['Name'],
    members: {
      Name: { type: 'string', min: 1, max: 2048 },
      WithDecryption: { type: 'boolean' },
      MaxResults: { type: 'integer', min: 1, max: 50 },
      NextToken: { type: 'string' },
    },
  },
  GetParameters: {
    type: 'structure',
    required: ['Names'],
    members: {
      Names: { type: 'list', min: 1, max: 10, member: { type: 'string', min: 1, max: 2048 } },
      WithDecryption: { type: 'boolean' },
    },
  },
  GetParametersByPath: {
    type: 'structure',
    required: ['Path'],
    members: {
      Path: { type: 'string', min: 1, max: 2048 },
      Recursive: { type: 'boolean' },
      ParameterFilters: {
        type: 'list',
        member: {
          type: 'structure',
          required: ['Key'],
          members: {
            Key: {
              type: 'string',
              min: 1,
              max: 132,
              pattern: 'tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType',
            },
            Option: { type: 'string', min: 1, max: 10 },
            Values: { type: 'list', min: 1, max: 50, member: { type: 'string', min: 1, max: 1024 } },
          },
        },
      },
      WithDecryption: { type: 'boolean' },
      MaxResults: { type: 'integer', min: 1, max: 10 },
      NextToken: { type: 'string' },
    },
  },
  PutParameter: {
    type: 'structure',
    required: ['Name', 'Value'],
    members: {
      Name: { type: 'string', min: 1, max: 2048 },
      Description: { type: 'string', min: 0, max: 1024 },
      Value: { type: 'string' },
      Type: { type: 'string', enum: ['String', 'StringList', 'SecureString'] },
      KeyId: { type: 'string', min: 1, max: 256, pattern: '^([a-zA-Z0-9:/_-]+)$' },
      Overwrite: { type: 'boolean' },
      AllowedPattern: { type: 'string', min: 0, max: 1024 },
      Tags: {
        type: 'list',
        max: 1000,
        member: {
          type: 'structure',
          required: ['Key', 'Value'],
          members: {
            Key: { type: 'string', min: 1, max: 128, pattern: '^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$' },
            Value: { type: 'string', min: 0, max: 256, pattern: '^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$' },
          },
        },
      },
      Tier: { type: 'string', enum: ['Standard', 'Advanced', 'Intelligent-Tiering'] },
      Policies: { type: 'string', min: 1, max: 4096 },
      DataType: { type: 'string', min: 0, max: 128 },
    },
  },
};
