import { boolean, integer, list, oneOf, required, string, structure } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { oncePerToken } from '../client-tokens.ts';
import { invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import { filterList } from '../filters.ts';
import { listResources, rendered } from '../listing.ts';
import { operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import {
  checkTemplates,
  type FleetTemplateConfig,
  fleetTemplateConfigs,
  renderConfigs,
} from './template-configs.ts';

export interface FleetFacts {
  readonly type: 'request' | 'maintain' | 'instant';
  readonly state: 'active' | 'deleted_running' | 'deleted_terminating';
  readonly configs: readonly FleetTemplateConfig[];
  readonly capacity: number;
  readonly capacityType: 'spot' | 'on-demand';
  readonly replaceUnhealthy: boolean;
  readonly clientToken?: string;
}

type Fleet = Resource<FleetFacts>;

const maxCapacity = 10_000;

/** A fleet that finds no capacity: it is there, refers to AMIs, and launches nothing. */
export const createFleet = operation({
  fields: {
    LaunchTemplateConfigs: fleetTemplateConfigs,
    TargetCapacitySpecification: required(
      structure({
        TotalTargetCapacity: required(integer),
        OnDemandTargetCapacity: integer,
        SpotTargetCapacity: integer,
        DefaultTargetCapacityType: oneOf('spot', 'on-demand'),
      }),
    ),
    Type: oneOf('request', 'maintain', 'instant'),
    ReplaceUnhealthyInstances: boolean,
    ClientToken: string,
    TagSpecification: tagSpecifications,
  },
  run(input, { store, resources, accountId, region }) {
    const { ClientToken: token, ...request } = input;
    const { Type: type = 'maintain', LaunchTemplateConfigs: configs } = input;
    const { TotalTargetCapacity: capacity, DefaultTargetCapacityType: capacityType = 'on-demand' } =
      input.TargetCapacitySpecification;
    if (capacity < 0 || capacity > maxCapacity) {
      throw invalidParameterValue(`TotalTargetCapacity must be between 0 and ${maxCapacity}.`);
    }
    const named = configs.some(({ Overrides: overrides }) =>
      overrides.some(
        ({ ImageId, BlockDeviceMapping }) => ImageId !== undefined || BlockDeviceMapping.length > 0,
      ),
    );
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FleetLaunchTemplateOverridesRequest.html
    if (named && type !== 'instant') {
      throw invalidParameterCombination(
        `ImageId and BlockDeviceMappings are not supported in the overrides of a fleet of type ${type}.`,
      );
    }
    checkTemplates(configs, resources);
    const tags = specifiedTags(input.TagSpecification, 'fleet');
    const fleetId = store.transaction(() =>
      oncePerToken(store, { accountId, region, operation: 'CreateFleet', token, request }, () => {
        const facts: FleetFacts = {
          type,
          state: 'active',
          configs,
          capacity,
          capacityType,
          replaceUnhealthy: input.ReplaceUnhealthyInstances ?? false,
          clientToken: token,
        };
        return resources.insert('fleet', { facts, tags }).id;
      }),
    );
    return { fleetId, errorSet: {}, fleetInstanceSet: {} };
  },
});

export const describeFleets = operation({
  fields: { FleetId: list(string), Filter: filterList, ...pageFields },
  run(input, { resources, conditions }) {
    const { items, nextToken } = listResources<FleetFacts>({
      resources,
      conditions,
      type: 'fleet',
      ids: input.FleetId,
      filters: input.Filter,
      fields: {
        'activity-status': activityOf,
        'excess-capacity-termination-policy': () => 'termination',
        'fleet-state': ({ facts }) => facts.state.replace('_', '-'),
        'replace-unhealthy-instances': ({ facts }) => facts.replaceUnhealthy,
        type: ({ facts }) => facts.type,
      },
      // An instant fleet has to be asked for by its id.
      isWanted: ({ facts }) => facts.type !== 'instant' || input.FleetId.length > 0,
      request: input,
      limits: { min: 1, max: 1000 },
    });
    return { fleetSet: { item: rendered(items, described) }, nextToken };
  },
});

function activityOf({ facts }: Fleet): string {
  return facts.capacity === 0 ? 'fulfilled' : 'pending_fulfillment';
}

function described(fleet: Fleet): XmlElements {
  const { id, createdAt, facts, tags } = fleet;
  return {
    activityStatus: activityOf(fleet),
    createTime: new Date(createdAt),
    fleetId: id,
    fleetState: facts.state,
    clientToken: facts.clientToken,
    excessCapacityTerminationPolicy: 'termination',
    fulfilledCapacity: 0,
    fulfilledOnDemandCapacity: 0,
    launchTemplateConfigs: renderConfigs(facts.configs),
    targetCapacitySpecification: {
      totalTargetCapacity: facts.capacity,
      onDemandTargetCapacity: 0,
      spotTargetCapacity: 0,
      defaultTargetCapacityType: facts.capacityType,
    },
    terminateInstancesWithExpiration: false,
    type: facts.type,
    replaceUnhealthyInstances: facts.replaceUnhealthy,
    tagSet: tagSet(tags),
  };
}

export const deleteFleets = operation({
  fields: { FleetId: required(list(string)), TerminateInstances: required(boolean) },
  run({ FleetId: ids, TerminateInstances: terminate }, { store, resources }) {
    const successful: XmlElements[] = [];
    const unsuccessful: XmlElements[] = [];
    store.transaction(() => {
      for (const fleetId of ids) {
        const fleet = resources.find<FleetFacts>('fleet', fleetId);
        if (!fleet) {
          const error = { code: 'fleetIdDoesNotExist', message: `The fleet ID '${fleetId}' does not exist` };
          unsuccessful.push({ fleetId, error });
          continue;
        }
        const state = terminate ? 'deleted_terminating' : 'deleted_running';
        resources.setFacts<FleetFacts>(fleetId, { ...fleet.facts, state });
        successful.push({ fleetId, currentFleetState: state, previousFleetState: fleet.facts.state });
      }
    });
    return {
      successfulFleetDeletionSet: { item: successful },
      unsuccessfulFleetDeletionSet: { item: unsuccessful },
    };
  },
});
