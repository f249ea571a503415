import * as model from '@aws-sdk/client-ec2';
import {
  CancelImportTaskCommand,
  CopyImageCommand,
  CopySnapshotCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DeregisterImageCommand,
  type EC2Client,
  EnableFastSnapshotRestoresCommand,
  EnableImageDeregistrationProtectionCommand,
  LockSnapshotCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  ModifySnapshotTierCommand,
  RegisterImageCommand,
  RequestSpotFleetCommand,
  RequestSpotInstancesCommand,
  RunInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { ec2Operations } from '../../src/ec2/operations.ts';
import { seedEc2 } from '../../src/ec2/seed.ts';
import type { Fields, Shape } from '../../src/query/shape.ts';
import { makeDisk } from './disks.ts';
import { openAccountWith, start } from './imports.ts';

/** The SDK's own description of EC2's wire format, as plain data: names of structures' members, of lists' items, … */
type Schema = readonly unknown[] | number | (() => Schema);
const structureKind = 3;
const listKind = 1;
/** Added to a simple type's number it makes a list of that type. */
const listFlag = 64;

function resolve(schema: Schema): readonly unknown[] | number {
  if (typeof schema === 'function') return resolve(schema());
  if (typeof schema === 'number') return schema;
  // A member is a pair of its schema and its traits; a schema of its own begins with its kind and namespace.
  return typeof schema[1] === 'string' ? schema : resolve(schema[0] as Schema);
}

type Traits = { readonly ec2QueryName?: string; readonly xmlName?: string } | undefined;

function traitsOf(member: Schema): Traits {
  if (!Array.isArray(member) || typeof member[1] === 'string') return undefined;
  return (member[1] || undefined) as Traits;
}

/** The members of a structure by the name that `nameOf` gives them, or of a list its item's schema under `item`. */
function members(schema: Schema, nameOf: (name: string, traits: Traits) => string): Map<string, Schema> {
  const resolved = resolve(schema);
  if (!Array.isArray(resolved) || resolved[0] !== structureKind) return new Map();
  const [names, schemas] = resolved.slice(4) as [string[], Schema[]];
  return new Map(names.map((name, index) => [nameOf(name, traitsOf(schemas[index]!)), schemas[index]!]));
}

function itemOf(schema: Schema): Schema | undefined {
  const resolved = resolve(schema);
  if (typeof resolved === 'number') return resolved & listFlag ? resolved - listFlag : undefined;
  return resolved[0] === listKind ? (resolved[4] as Schema) : undefined;
}

/** https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution */
function queryName(name: string, traits: Traits): string {
  if (traits?.ec2QueryName) return traits.ec2QueryName;
  const resolved = traits?.xmlName ?? name;
  return resolved[0]!.toUpperCase() + resolved.slice(1);
}

const xmlName = (name: string, traits: Traits) => traits?.xmlName ?? name;

const operationSchema = (operation: string) =>
  (model as unknown as Record<string, readonly unknown[]>)[`${operation}$`]!;

function unknownParameters(fields: Fields, schema: Schema, path = ''): string[] {
  const known = members(schema, queryName);
  return Object.entries(fields).flatMap(([name, shape]) => {
    const member = known.get(name);
    return member !== undefined ? unknownIn(shape, member, `${path}${name}.`) : [`${path}${name}`];
  });
}

function unknownIn(shape: Shape<unknown>, schema: Schema, path: string): string[] {
  if (shape.fields) return unknownParameters(shape.fields, schema, path);
  if (!shape.item) return [];
  const item = itemOf(schema);
  return item !== undefined ? unknownIn(shape.item, item, path) : [`${path} is not a list`];
}

describe.each(Object.keys(ec2Operations))('%s', (operation) => {
  it('takes parameters that EC2 has', () => {
    const [, , , , input] = operationSchema(operation) as [0, 0, 0, 0, Schema];
    expect(unknownParameters(ec2Operations[operation]!.fields, input)).toEqual([]);
  });
});

function unknownElements(content: unknown, schema: Schema, path: string): string[] {
  const item = itemOf(schema);
  if (item !== undefined) {
    const { item: items = [], ...others } = (content === '' ? {} : content) as { item?: unknown[] };
    return [
      ...Object.keys(others).map((name) => `${path}.${name}`),
      ...items.flatMap((each) => unknownElements(each, item, path)),
    ];
  }
  if (typeof content !== 'object' || content === null) return [];
  const known = members(schema, xmlName);
  return Object.entries(content).flatMap(([name, value]) => {
    const member = known.get(name);
    return member !== undefined ? unknownElements(value, member, `${path}.${name}`) : [`${path}.${name}`];
  });
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  isArray: (name) => name === 'item',
});

/** Keeps what came over the wire, before the client left out what it does not know. */
function recordAnswers(client: EC2Client): Map<string, string[]> {
  const answers = new Map<string, string[]>();
  const { requestHandler } = client.config;
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = async (request, options) => {
    const result = await handle(request, options);
    const chunks: Buffer[] = [];
    for await (const chunk of result.response.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const action = new URLSearchParams(String(request.body)).get('Action')!;
    answers.set(action, [...(answers.get(action) ?? []), text]);
    return { response: Object.assign(result.response, { body: Buffer.from(text) }) };
  };
  return answers;
}

it('answers hold elements that EC2 has', async () => {
  await using disk = await makeDisk();
  await using account = await openAccountWith(disk);
  const answers = recordAnswers(account.ec2);
  const snapshotId = 'snap-0123456789abcdef0';
  seedEc2({
    directory: account.directory,
    snapshots: [{ id: snapshotId, fullSizeBytes: 1, tags: { Name: 'x' } }, {}],
    importTasks: [{ bucket: 'b', key: 'k', status: 'deleted', statusMessage: 'ClientError: no' }],
    fleets: [{ imageIds: ['ami-0123456789abcdef0'], snapshotIds: [snapshotId] }],
    retentionRules: [
      { type: 'snapshot', days: 1 },
      { type: 'image', days: 1 },
    ],
  });
  const { ImageId } = await account.ec2.send(
    new RegisterImageCommand({
      Name: 'everything',
      Description: 'described',
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      EnaSupport: true,
      SriovNetSupport: 'simple',
      BootMode: 'uefi',
      TpmSupport: 'v2.0',
      ImdsSupport: 'v2.0',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/sda1',
          Ebs: { SnapshotId: snapshotId, VolumeType: 'gp3', Iops: 3000, Throughput: 125 },
        },
        { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
      ],
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'Name', Value: 'x' }] }],
    }),
  );
  await account.ec2.send(
    new CreateTagsCommand({ Resources: [snapshotId], Tags: [{ Key: 'k', Value: 'v' }] }),
  );
  account.aws.faults.add({ action: { kind: 'task-stalls' } });
  const taskId = await start(account);
  const run = new RunInstancesCommand({ ImageId, MinCount: 1, MaxCount: 1 });
  const InstanceIds = [(await account.ec2.send(run)).Instances![0]!.InstanceId!];
  await account.ec2.send(new StopInstancesCommand({ InstanceIds }));
  const LaunchTemplateName = 'template';
  const BlockDeviceMappings = [{ DeviceName: '/dev/sdf', Ebs: { SnapshotId: snapshotId } }];
  const LaunchTemplateData = {
    ImageId,
    InstanceType: 't3.micro' as const,
    SecurityGroupIds: ['sg-1'],
    BlockDeviceMappings,
  };
  await account.ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
  await account.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName,
      LaunchTemplateData,
      VersionDescription: 'd',
    }),
  );
  await account.ec2.send(
    new LockSnapshotCommand({
      SnapshotId: snapshotId,
      LockMode: 'compliance',
      LockDuration: 1,
      CoolOffPeriod: 1,
    }),
  );
  await account.ec2.send(
    new ModifySnapshotAttributeCommand({ SnapshotId: snapshotId, OperationType: 'add', GroupNames: ['all'] }),
  );
  await account.ec2.send(
    new ModifyImageAttributeCommand({
      ImageId,
      LaunchPermission: {
        Add: [
          { Group: 'all' },
          { OrganizationArn: 'arn:aws:organizations::111122223333:organization/o-exampleorg' },
          { OrganizationalUnitArn: 'arn:aws:organizations::111122223333:ou/o-exampleorg/ou-abcd-12345678' },
        ],
      },
    }),
  );
  await account.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId }));
  const copied = { SourceRegion: 'us-east-1', SourceSnapshotId: snapshotId };
  const { SnapshotId } = await account.ec2.send(new CopySnapshotCommand(copied));
  await account.ec2.send(new ModifySnapshotTierCommand({ SnapshotId }));
  const copy = { SourceRegion: 'us-east-1', SourceImageId: ImageId, Name: 'copy' };
  const { ImageId: copiedId } = await account.ec2.send(new CopyImageCommand(copy));
  await account.ec2.send(new DeregisterImageCommand({ ImageId: copiedId, DeleteAssociatedSnapshots: true }));
  await account.ec2.send(
    new EnableFastSnapshotRestoresCommand({
      AvailabilityZones: ['us-east-1a', 'elsewhere'],
      SourceSnapshotIds: [snapshotId],
    }),
  );
  await account.ec2.send(
    new RequestSpotInstancesCommand({ LaunchSpecification: { ImageId, BlockDeviceMappings } }),
  );
  await account.ec2.send(
    new RequestSpotFleetCommand({
      SpotFleetRequestConfig: {
        IamFleetRole: 'role',
        TargetCapacity: 1,
        LaunchSpecifications: [{ ImageId, BlockDeviceMappings }],
      },
    }),
  );
  const needed: Readonly<Record<string, object>> = {
    DescribeAvailabilityZones: {},
    DescribeImageAttribute: { ImageId, Attribute: 'launchPermission' },
    DescribeInstanceStatus: { IncludeAllInstances: true, MaxResults: 5 },
    DescribeImageReferences: { ImageIds: [ImageId], IncludeAllResourceTypes: true },
    DescribeLaunchTemplateVersions: { LaunchTemplateName },
    DescribeRegions: {},
    DescribeSnapshotAttribute: { SnapshotId: snapshotId, Attribute: 'createVolumePermission' },
  };
  for (const operation of Object.keys(ec2Operations).filter((name) => /^(Describe|List)/.test(name))) {
    const Command = (model as unknown as Record<string, new (input: object) => RegisterImageCommand>)[
      `${operation}Command`
    ]!;
    await account.ec2.send(new Command(needed[operation] ?? { MaxResults: 5 }));
  }
  await account.ec2.send(new CancelImportTaskCommand({ ImportTaskId: taskId }));

  for (const [operation, texts] of answers) {
    for (const text of texts) {
      const { requestId, ...content } = parser.parse(text)[`${operation}Response`];
      expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
      const [, , , , , output] = operationSchema(operation) as [0, 0, 0, 0, 0, Schema];
      const known = resolve(output);
      // Answers of calls that return nothing have this element all the same.
      const { return: _, ...declared } = content;
      const checked = members(known, xmlName).has('return') ? content : declared;
      expect(unknownElements(checked, output, operation)).toEqual([]);
    }
  }
});
