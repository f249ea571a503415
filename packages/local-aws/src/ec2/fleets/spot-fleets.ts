import {
  boolean,
  double,
  integer,
  list,
  missingParameter,
  oneOf,
  required,
  string,
  structure,
} from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { oncePerToken } from '../client-tokens.ts';
import { invalidParameterCombination } from '../errors.ts';
import { listResources, rendered } from '../listing.ts';
import { operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import {
  type LaunchSpecification,
  renderSpecification,
  specificationFields,
} from './launch-specification.ts';
import {
  checkTemplates,
  renderConfigs,
  type SpotFleetTemplateConfig,
  spotFleetTemplateConfigs,
} from './template-configs.ts';

interface SpotFleetFacts {
  readonly state: 'active' | 'cancelled_running' | 'cancelled_terminating';
  readonly type: 'request' | 'maintain';
  readonly role: string;
  readonly capacity: number;
  readonly specifications: readonly LaunchSpecification[];
  readonly configs: readonly SpotFleetTemplateConfig[];
  readonly clientToken?: string;
}

/** A fleet that finds no capacity: it is there, refers to AMIs, and launches nothing. */
export const requestSpotFleet = operation({
  fields: {
    SpotFleetRequestConfig: required(
      structure({
        IamFleetRole: required(string),
        TargetCapacity: required(integer),
        Type: oneOf('request', 'maintain'),
        ClientToken: string,
        LaunchSpecifications: list(
          structure({ ...specificationFields, WeightedCapacity: double, SpotPrice: string }),
        ),
        LaunchTemplateConfigs: spotFleetTemplateConfigs,
        TagSpecification: tagSpecifications,
      }),
    ),
  },
  run({ SpotFleetRequestConfig: config }, { store, resources, accountId, region }) {
    const { ClientToken: token, ...request } = config;
    const { LaunchSpecifications: specifications, LaunchTemplateConfigs: configs } = config;
    if (specifications.length > 0 && configs.length > 0) {
      throw invalidParameterCombination('Specify either LaunchSpecifications or LaunchTemplateConfigs.');
    }
    if (specifications.length + configs.length === 0) throw missingParameter('LaunchTemplateConfigs');
    for (const { ImageId: imageId } of specifications) {
      if (imageId === undefined) throw missingParameter('ImageId');
      resources.get('image', imageId);
    }
    checkTemplates(configs, resources);
    const tags = specifiedTags(config.TagSpecification, 'spot-fleet-request');
    const spotFleetRequestId = store.transaction(() =>
      oncePerToken(store, { accountId, region, operation: 'RequestSpotFleet', token, request }, () => {
        const facts: SpotFleetFacts = {
          state: 'active',
          type: config.Type ?? 'maintain',
          role: config.IamFleetRole,
          capacity: config.TargetCapacity,
          specifications,
          configs,
          clientToken: token,
        };
        return resources.insert('spot-fleet-request', { facts, tags }).id;
      }),
    );
    return { spotFleetRequestId };
  },
});

export const describeSpotFleetRequests = operation({
  fields: { SpotFleetRequestId: list(string), ...pageFields },
  run(input, { resources, conditions }) {
    const { items, nextToken } = listResources<SpotFleetFacts>({
      resources,
      conditions,
      type: 'spot-fleet-request',
      ids: input.SpotFleetRequestId,
      filters: [],
      fields: {},
      request: input,
      limits: { min: 1, max: 1000 },
    });
    return { spotFleetRequestConfigSet: { item: rendered(items, described) }, nextToken };
  },
});

function described({ id, createdAt, facts, tags }: Resource<SpotFleetFacts>): XmlElements {
  return {
    activityStatus: facts.capacity === 0 ? 'fulfilled' : 'pending_fulfillment',
    createTime: new Date(createdAt),
    spotFleetRequestConfig: {
      allocationStrategy: 'lowestPrice',
      clientToken: facts.clientToken,
      excessCapacityTerminationPolicy: 'default',
      fulfilledCapacity: 0,
      iamFleetRole: facts.role,
      launchSpecifications: { item: facts.specifications.map(renderSpecification) },
      launchTemplateConfigs: renderConfigs(facts.configs),
      targetCapacity: facts.capacity,
      type: facts.type,
    },
    spotFleetRequestId: id,
    spotFleetRequestState: facts.state,
    tagSet: tagSet(tags),
  };
}

export const cancelSpotFleetRequests = operation({
  fields: { SpotFleetRequestId: required(list(string)), TerminateInstances: required(boolean) },
  run({ SpotFleetRequestId: ids, TerminateInstances: terminate }, { store, resources }) {
    const successful: XmlElements[] = [];
    const unsuccessful: XmlElements[] = [];
    store.transaction(() => {
      for (const spotFleetRequestId of ids) {
        const fleet = resources.find<SpotFleetFacts>('spot-fleet-request', spotFleetRequestId);
        if (!fleet) {
          const error = {
            code: 'fleetRequestIdDoesNotExist',
            message: `The spot fleet request ID '${spotFleetRequestId}' does not exist`,
          };
          unsuccessful.push({ spotFleetRequestId, error });
          continue;
        }
        const state = terminate ? 'cancelled_terminating' : 'cancelled_running';
        resources.setFacts<SpotFleetFacts>(spotFleetRequestId, { ...fleet.facts, state });
        successful.push({
          spotFleetRequestId,
          currentSpotFleetRequestState: state,
          previousSpotFleetRequestState: fleet.facts.state,
        });
      }
    });
    return {
      successfulFleetRequestSet: { item: successful },
      unsuccessfulFleetRequestSet: { item: unsuccessful },
    };
  },
});
