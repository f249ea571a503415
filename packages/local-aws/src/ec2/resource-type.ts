import { randomBytes, randomUUID } from 'node:crypto';
import type { ServiceError } from '../service.ts';
import { ec2Error, invalidParameterValue } from './errors.ts';

export type ResourceType =
  | 'fleet'
  | 'image'
  | 'image-usage-report'
  | 'import-snapshot-task'
  | 'instance'
  | 'launch-template'
  | 'snapshot'
  | 'spot-fleet-request'
  | 'spot-instances-request';

interface Naming {
  readonly prefix: string;
  readonly pattern: RegExp;
  /** What follows the prefix of a new id. Default: {@link seventeenDigits}. */
  readonly newId?: () => string;
  malformed(id: string): ServiceError;
  notFound(ids: readonly string[]): ServiceError;
}

const uuid = (prefix: string) =>
  new RegExp(`^${prefix}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`);
const hex = (prefix: string) => new RegExp(`^${prefix}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`);

/** The shape of each type's ids, and EC2's words for one that has another shape or names nothing. */
const namings: Readonly<Record<ResourceType, Naming>> = {
  fleet: {
    prefix: 'fleet',
    pattern: uuid('fleet'),
    newId: randomUUID,
    malformed: (id) => ec2Error('InvalidFleetId.Malformed', `Invalid id: "${id}" (expecting "fleet-...")`),
    notFound: (ids) => ec2Error('InvalidFleetId.NotFound', `The fleet ID '${ids.join(', ')}' does not exist`),
  },
  image: {
    prefix: 'ami',
    pattern: hex('ami'),
    malformed: (id) => ec2Error('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`),
    notFound: (ids) =>
      ec2Error(
        'InvalidAMIID.NotFound',
        ids.length === 1
          ? `The image id '[${ids[0]}]' does not exist`
          : `The image ids '[${ids.join(', ')}]' do not exist`,
      ),
  },
  'image-usage-report': {
    prefix: 'amiur',
    pattern: hex('amiur'),
    malformed: (id) => invalidParameterValue(`Invalid value '${id}' for reportId.`),
    notFound: (ids) =>
      ec2Error(
        'InvalidImageUsageReportId.NotFound',
        `The image usage report ID '${ids.join(', ')}' does not exist`,
      ),
  },
  'import-snapshot-task': {
    prefix: 'import-snap',
    // EC2's own are 8 or 17 characters long, and not all of them hexadecimal.
    pattern: /^import-snap-[0-9a-z]{8,17}$/,
    malformed: (id) =>
      ec2Error(
        'InvalidConversionTaskId.Malformed',
        `The specified conversion task ID (${id}) is malformed. Expected: 'import-snap-...'.`,
      ),
    notFound: (ids) =>
      ec2Error(
        'InvalidConversionTaskId',
        `The specified conversion task ID (${ids.join(', ')}) does not exist.`,
      ),
  },
  instance: {
    prefix: 'i',
    pattern: hex('i'),
    malformed: (id) => ec2Error('InvalidInstanceID.Malformed', `Invalid id: "${id}" (expecting "i-...")`),
    notFound: (ids) =>
      ec2Error(
        'InvalidInstanceID.NotFound',
        ids.length === 1
          ? `The instance ID '${ids[0]}' does not exist`
          : `The instance IDs '${ids.join(', ')}' do not exist`,
      ),
  },
  'launch-template': {
    prefix: 'lt',
    pattern: hex('lt'),
    malformed: (id) =>
      ec2Error('InvalidLaunchTemplateId.Malformed', `The launch template ID '${id}' is malformed.`),
    notFound: (ids) =>
      ec2Error(
        'InvalidLaunchTemplateId.NotFound',
        `The specified launch template, with template ID ${ids.join(', ')}, does not exist.`,
      ),
  },
  snapshot: {
    prefix: 'snap',
    pattern: hex('snap'),
    malformed: (id) =>
      id.startsWith('snap-')
        ? ec2Error('InvalidSnapshotID.Malformed', `Value ( ${id} ) for parameter SNAPSHOT is invalid.`)
        : invalidParameterValue(`Value (${id}) for parameter snapshotId is invalid. Expected: 'snap-...'.`),
    notFound: (ids) =>
      ec2Error('InvalidSnapshot.NotFound', `The snapshot '${ids.join(', ')}' does not exist.`),
  },
  'spot-fleet-request': {
    prefix: 'sfr',
    pattern: uuid('sfr'),
    newId: randomUUID,
    malformed: (id) =>
      ec2Error('InvalidSpotFleetRequestId.Malformed', `Invalid id: "${id}" (expecting "sfr-...")`),
    notFound: (ids) =>
      ec2Error(
        'InvalidSpotFleetRequestId.NotFound',
        `The spot fleet request ID '${ids.join(', ')}' does not exist`,
      ),
  },
  'spot-instances-request': {
    prefix: 'sir',
    pattern: /^sir-[0-9a-z]{8}$/,
    newId: () => randomBytes(4).toString('hex'),
    malformed: (id) =>
      ec2Error('InvalidSpotInstanceRequestID.Malformed', `Invalid id: "${id}" (expecting "sir-...")`),
    notFound: (ids) =>
      ec2Error(
        'InvalidSpotInstanceRequestID.NotFound',
        `The spot instance request ID '${ids.join(', ')}' does not exist`,
      ),
  },
};

/** The first of them a zero, as EC2 gives them out. */
const seventeenDigits = () => `0${randomBytes(8).toString('hex')}`;

export const resourceTypes = Object.keys(namings) as readonly ResourceType[];

export function newResourceId(type: ResourceType): string {
  const { prefix, newId = seventeenDigits } = namings[type];
  return `${prefix}-${newId()}`;
}

/** @throws ServiceError where an id has not its type's shape */
export function checkIds(type: ResourceType, ids: readonly string[]): void {
  const { pattern, malformed } = namings[type];
  for (const id of ids) if (!pattern.test(id)) throw malformed(id);
}

export function notFound(type: ResourceType, ids: readonly string[]): ServiceError {
  return namings[type].notFound(ids);
}

/** The type that an id's shape says it has. */
export function typeOfId(id: string): ResourceType | undefined {
  return resourceTypes.find((type) => namings[type].pattern.test(id));
}
