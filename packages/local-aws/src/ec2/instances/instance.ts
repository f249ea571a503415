import type { XmlElements } from '../../query/xml.ts';
import type { FilterableFields } from '../filters.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';

export interface InstanceFacts {
  readonly ownerId: string;
  readonly reservationId: string;
  readonly launchIndex: number;
  readonly imageId: string;
  readonly instanceType: string;
  readonly architecture: string;
  readonly virtualizationType: string;
  readonly rootDeviceName?: string;
  readonly availabilityZone: string;
  readonly state: InstanceState;
  readonly clientToken?: string;
  readonly bootMode?: string;
  readonly subnetId?: string;
  readonly httpTokens?: string;
  /** What becomes of it when it shuts itself down. Default `stop`. */
  readonly onShutdown?: string;
  /** Why it has ended. */
  readonly stateReason?: keyof typeof stateReasons;
}

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'stopped' | 'terminated';
export type Instance = Resource<InstanceFacts>;

const codes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopped: 80,
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
export const stateReasons = {
  'Client.InternalError': 'Client error on launch',
  'Client.UserInitiatedShutdown': 'User initiated shutdown',
  'Client.InstanceInitiatedShutdown': 'Instance initiated shutdown',
} as const;

export function stateElement(state: InstanceState): XmlElements {
  return { code: codes[state], name: state };
}

export function describedInstance({ id, createdAt, facts, tags }: Instance): XmlElements {
  return {
    instanceId: id,
    imageId: facts.imageId,
    instanceState: stateElement(facts.state),
    amiLaunchIndex: facts.launchIndex,
    instanceType: facts.instanceType,
    launchTime: new Date(createdAt),
    placement: { availabilityZone: facts.availabilityZone, tenancy: 'default' },
    monitoring: { state: 'disabled' },
    architecture: facts.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: facts.rootDeviceName,
    blockDeviceMapping: {},
    virtualizationType: facts.virtualizationType,
    bootMode: facts.bootMode,
    subnetId: facts.subnetId,
    stateReason: facts.stateReason && {
      code: facts.stateReason,
      message: `${facts.stateReason}: ${stateReasons[facts.stateReason]}`,
    },
    metadataOptions: {
      state: 'applied',
      httpTokens: facts.httpTokens ?? 'optional',
      httpPutResponseHopLimit: 1,
      httpEndpoint: 'enabled',
    },
    clientToken: facts.clientToken,
    tagSet: tagSet(tags),
    hypervisor: 'xen',
  };
}

export function describedReservation(instances: readonly Instance[]): XmlElements {
  const [{ facts }] = instances as [Instance];
  return {
    reservationId: facts.reservationId,
    ownerId: facts.ownerId,
    groupSet: {},
    instancesSet: { item: instances.map(describedInstance) },
  };
}

export const instanceFilters: FilterableFields<Instance> = {
  architecture: ({ facts }) => facts.architecture,
  'availability-zone': ({ facts }) => facts.availabilityZone,
  'client-token': ({ facts }) => facts.clientToken,
  'image-id': ({ facts }) => facts.imageId,
  'instance-id': ({ id }) => id,
  'instance-state-code': ({ facts }) => codes[facts.state],
  'instance-state-name': ({ facts }) => facts.state,
  'instance-type': ({ facts }) => facts.instanceType,
  'launch-time': ({ createdAt }) => new Date(createdAt).toISOString(),
  'owner-id': ({ facts }) => facts.ownerId,
  'reservation-id': ({ facts }) => facts.reservationId,
  'root-device-name': ({ facts }) => facts.rootDeviceName,
  'virtualization-type': ({ facts }) => facts.virtualizationType,
};
