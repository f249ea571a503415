// Written by scripts/api-models.ts from the API model of the service.
import type { ApiModel } from '../api-model.ts';

export const iamModel: ApiModel = {
  AttachRolePolicy: {
    type: 'structure',
    required: ['RoleName', 'PolicyArn'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PolicyArn: { type: 'string', min: 20, max: 2048 },
    },
  },
  AttachUserPolicy: {
    type: 'structure',
    required: ['UserName', 'PolicyArn'],
    members: {
      UserName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PolicyArn: { type: 'string', min: 20, max: 2048 },
    },
  },
  CreatePolicy: {
    type: 'structure',
    required: ['PolicyName', 'PolicyDocument'],
    members: {
      PolicyName: { type: 'string', min: 1, max: 128, pattern: '[\\w+=,.@-]+' },
      Path: { type: 'string', min: 1, max: 512, pattern: '((/[A-Za-z0-9\\.,\\+@=_-]+)*)/' },
      PolicyDocument: {
        type: 'string',
        min: 1,
        max: 131072,
        pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
      },
      Description: { type: 'string', max: 1000 },
      Tags: {
        type: 'list',
        max: 50,
        member: {
          type: 'structure',
          required: ['Key', 'Value'],
          members: {
            Key: { type: 'string', min: 1, max: 128, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' },
            Value: { type: 'string', min: 0, max: 256, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*' },
          },
        },
      },
    },
  },
  CreateRole: {
    type: 'structure',
    required: ['RoleName', 'AssumeRolePolicyDocument'],
    members: {
      Path: { type: 'string', min: 1, max: 512, pattern: '(\\u002F)|(\\u002F[\\u0021-\\u007F]+\\u002F)' },
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      AssumeRolePolicyDocument: {
        type: 'string',
        min: 1,
        max: 131072,
        pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
      },
      Description: { type: 'string', max: 1000, pattern: '[\\p{L}\\p{M}\\p{Z}\\p{S}\\p{N}\\p{P}]*' },
      MaxSessionDuration: { type: 'integer', min: 3600, max: 43200 },
      PermissionsBoundary: { type: 'string', min: 20, max: 2048 },
      Tags: {
        type: 'list',
        max: 50,
        member: {
          type: 'structure',
          required: ['Key', 'Value'],
          members: {
            Key: { type: 'string', min: 1, max: 128, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' },
            Value: { type: 'string', min: 0, max: 256, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*' },
          },
        },
      },
    },
  },
  DeletePolicy: {
    type: 'structure',
    required: ['PolicyArn'],
    members: { PolicyArn: { type: 'string', min: 20, max: 2048 } },
  },
  DeleteRole: {
    type: 'structure',
    required: ['RoleName'],
    members: { RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' } },
  },
  DeleteRolePolicy: {
    type: 'structure',
    required: ['RoleName', 'PolicyName'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PolicyName: { type: 'string', min: 1, max: 128, pattern: '[\\w+=,.@-]+' },
    },
  },
  DetachRolePolicy: {
    type: 'structure',
    required: ['RoleName', 'PolicyArn'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PolicyArn: { type: 'string', min: 20, max: 2048 },
    },
  },
  GetPolicy: {
    type: 'structure',
    required: ['PolicyArn'],
    members: { PolicyArn: { type: 'string', min: 20, max: 2048 } },
  },
  GetPolicyVersion: {
    type: 'structure',
    required: ['PolicyArn', 'VersionId'],
    members: {
      PolicyArn: { type: 'string', min: 20, max: 2048 },
      VersionId: { type: 'string', pattern: 'v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?' },
    },
  },
  GetRole: {
    type: 'structure',
    required: ['RoleName'],
    members: { RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' } },
  },
  GetRolePolicy: {
    type: 'structure',
    required: ['RoleName', 'PolicyName'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PolicyName: { type: 'string', min: 1, max: 128, pattern: '[\\w+=,.@-]+' },
    },
  },
  ListAttachedRolePolicies: {
    type: 'structure',
    required: ['RoleName'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PathPrefix: { type: 'string', min: 1, max: 512, pattern: '((/[A-Za-z0-9\\.,\\+@=_-]+)*)/' },
      Marker: { type: 'string', min: 1, max: 320, pattern: '[\\u0020-\\u00FF]+' },
      MaxItems: { type: 'integer', min: 1, max: 1000 },
    },
  },
  ListRolePolicies: {
    type: 'structure',
    required: ['RoleName'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      Marker: { type: 'string', min: 1, max: 320, pattern: '[\\u0020-\\u00FF]+' },
      MaxItems: { type: 'integer', min: 1, max: 1000 },
    },
  },
  PutRolePolicy: {
    type: 'structure',
    required: ['RoleName', 'PolicyName', 'PolicyDocument'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PolicyName: { type: 'string', min: 1, max: 128, pattern: '[\\w+=,.@-]+' },
      PolicyDocument: {
        type: 'string',
        min: 1,
        max: 131072,
        pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
      },
    },
  },
  SimulatePrincipalPolicy: {
    type: 'structure',
    required: ['PolicySourceArn', 'ActionNames'],
    members: {
      PolicySourceArn: { type: 'string', min: 20, max: 2048 },
      PolicyInputList: {
        type: 'list',
        member: { type: 'string', min: 1, max: 131072, pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+' },
      },
      PermissionsBoundaryPolicyInputList: {
        type: 'list',
        member: { type: 'string', min: 1, max: 131072, pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+' },
      },
      ActionNames: { type: 'list', member: { type: 'string', min: 3, max: 128 } },
      ResourceArns: { type: 'list', member: { type: 'string', min: 1, max: 2048 } },
      ResourcePolicy: {
        type: 'string',
        min: 1,
        max: 131072,
        pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
      },
      ResourceOwner: { type: 'string', min: 1, max: 2048 },
      CallerArn: { type: 'string', min: 1, max: 2048 },
      ContextEntries: {
        type: 'list',
        member: {
          type: 'structure',
          members: {
            ContextKeyName: { type: 'string', min: 5, max: 256 },
            ContextKeyValues: { type: 'list', member: { type: 'string' } },
            ContextKeyType: {
              type: 'string',
              enum: [
                'string',
                'stringList',
                'numeric',
                'numericList',
                'boolean',
                'booleanList',
                'ip',
                'ipList',
                'binary',
                'binaryList',
                'date',
                'dateList',
              ],
            },
          },
        },
      },
      ResourceHandlingOption: { type: 'string', min: 1, max: 64 },
      MaxItems: { type: 'integer', min: 1, max: 1000 },
      Marker: { type: 'string', min: 1, max: 320, pattern: '[\\u0020-\\u00FF]+' },
    },
  },
  UpdateAssumeRolePolicy: {
    type: 'structure',
    required: ['RoleName', 'PolicyDocument'],
    members: {
      RoleName: { type: 'string', min: 1, max: 64, pattern: '[\\w+=,.@-]+' },
      PolicyDocument: {
        type: 'string',
        min: 1,
        max: 131072,
        pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
      },
    },
  },
};
