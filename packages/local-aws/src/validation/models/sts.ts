// Written by scripts/api-models.ts from the API model of the service.
import type { ApiModel } from '../api-model.ts';

export const stsModel: ApiModel = {
  AssumeRole: {
    type: 'structure',
    required: ['RoleArn', 'RoleSessionName'],
    members: {
      RoleArn: {
        type: 'string',
        min: 20,
        max: 2048,
        pattern:
          '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+',
      },
      RoleSessionName: { type: 'string', min: 2, max: 64, pattern: '[\\w+=,.@-]*' },
      PolicyArns: {
        type: 'list',
        member: {
          type: 'structure',
          members: {
            arn: {
              type: 'string',
              min: 20,
              max: 2048,
              pattern:
                '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+',
            },
          },
        },
      },
      Policy: { type: 'string', min: 1, max: 2048, pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+' },
      DurationSeconds: { type: 'integer', min: 900, max: 43200 },
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
      TransitiveTagKeys: {
        type: 'list',
        max: 50,
        member: { type: 'string', min: 1, max: 128, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' },
      },
      ExternalId: { type: 'string', min: 2, max: 1224, pattern: '[\\w+=,.@:\\/-]*' },
      SerialNumber: { type: 'string', min: 9, max: 256, pattern: '[\\w+=/:,.@-]*' },
      TokenCode: { type: 'string', min: 6, max: 6, pattern: '[\\d]*' },
      SourceIdentity: { type: 'string', min: 2, max: 64, pattern: '[\\w+=,.@-]*' },
    },
  },
  AssumeRoleWithWebIdentity: {
    type: 'structure',
    required: ['RoleArn', 'RoleSessionName', 'WebIdentityToken'],
    members: {
      RoleArn: {
        type: 'string',
        min: 20,
        max: 2048,
        pattern:
          '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+',
      },
      RoleSessionName: { type: 'string', min: 2, max: 64, pattern: '[\\w+=,.@-]*' },
      WebIdentityToken: { type: 'string', min: 4, max: 20000 },
      ProviderId: { type: 'string', min: 4, max: 2048 },
      PolicyArns: {
        type: 'list',
        member: {
          type: 'structure',
          members: {
            arn: {
              type: 'string',
              min: 20,
              max: 2048,
              pattern:
                '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+',
            },
          },
        },
      },
      Policy: { type: 'string', min: 1, max: 2048, pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+' },
      DurationSeconds: { type: 'integer', min: 900, max: 43200 },
    },
  },
  DecodeAuthorizationMessage: {
    type: 'structure',
    required: ['EncodedMessage'],
    members: { EncodedMessage: { type: 'string', min: 1, max: 10240 } },
  },
  GetCallerIdentity: { type: 'structure', members: {} },
  GetSessionToken: {
    type: 'structure',
    members: {
      DurationSeconds: { type: 'integer', min: 900, max: 129600 },
      SerialNumber: { type: 'string', min: 9, max: 256, pattern: '[\\w+=/:,.@-]*' },
      TokenCode: { type: 'string', min: 6, max: 6, pattern: '[\\d]*' },
    },
  },
};
