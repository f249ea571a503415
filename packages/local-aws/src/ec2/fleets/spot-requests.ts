import { integer, list, missingParameter, oneOf, required, string } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { oncePerToken } from '../client-tokens.ts';
import { invalidParameterValue } from '../errors.ts';
import { filterList } from '../filters.ts';
import { listResources, rendered } from '../listing.ts';
import { operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import { notFound } from '../resource-type.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import {
  type LaunchSpecification,
  launchSpecification,
  renderSpecification,
} from './launch-specification.ts';

export interface SpotRequestFacts {
  readonly state: 'open' | 'cancelled';
  readonly type: 'one-time' | 'persistent';
  readonly specification: LaunchSpecification;
  readonly price?: string;
  readonly updatedAt: number;
}

type SpotRequest = Resource<SpotRequestFacts>;

const maxCount = 1000;

/** Requests that stay open: nothing is launched here. */
export const requestSpotInstances = operation({
  fields: {
    LaunchSpecification: launchSpecification,
    InstanceCount: integer,
    Type: oneOf('one-time', 'persistent'),
    SpotPrice: string,
    ClientToken: string,
    TagSpecification: tagSpecifications,
  },
  run(input, { store, resources, accountId, region, now }) {
    const { ClientToken: token, ...request } = input;
    const { LaunchSpecification: specification, InstanceCount: count = 1, Type: type = 'one-time' } = input;
    if (specification?.ImageId === undefined) throw missingParameter('LaunchSpecification.ImageId');
    if (count < 1 || count > maxCount) throw invalidParameterValue(`Invalid instance count: ${count}`);
    resources.get('image', specification.ImageId);
    const tags = specifiedTags(input.TagSpecification, 'spot-instances-request');
    const ids = store.transaction(() =>
      oncePerToken(store, { accountId, region, operation: 'RequestSpotInstances', token, request }, () =>
        Array.from(
          { length: count },
          () =>
            resources.insert<SpotRequestFacts>('spot-instances-request', {
              facts: { state: 'open', type, specification, price: input.SpotPrice, updatedAt: now() },
              tags,
            }).id,
        ).join(' '),
      ),
    );
    const made = ids.split(' ').map((id) => resources.get<SpotRequestFacts>('spot-instances-request', id));
    return { spotInstanceRequestSet: { item: made.map(described) } };
  },
});

export const describeSpotInstanceRequests = operation({
  fields: { SpotInstanceRequestId: list(string), Filter: filterList, ...pageFields },
  run(input, { resources, conditions }) {
    const { items, nextToken } = listResources<SpotRequestFacts>({
      resources,
      conditions,
      type: 'spot-instances-request',
      ids: input.SpotInstanceRequestId,
      filters: input.Filter,
      fields: {
        'create-time': ({ createdAt }) => new Date(createdAt).toISOString(),
        'launch.block-device-mapping.snapshot-id': ({ facts }) =>
          (facts.specification.BlockDeviceMapping ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
        'launch.image-id': ({ facts }) => facts.specification.ImageId,
        'launch.instance-type': ({ facts }) => facts.specification.InstanceType,
        'spot-instance-request-id': ({ id }) => id,
        'spot-price': ({ facts }) => facts.price,
        state: ({ facts }) => facts.state,
        'status-code': ({ facts }) => statusOf(facts),
        type: ({ facts }) => facts.type,
      },
      request: input,
      limits: { min: 5, max: 1000 },
    });
    return { spotInstanceRequestSet: { item: rendered(items, described) }, nextToken };
  },
});

function statusOf({ state }: SpotRequestFacts): string {
  return state === 'open' ? 'capacity-not-available' : 'canceled-before-fulfillment';
}

function described({ id, createdAt, facts, tags }: SpotRequest): XmlElements {
  return {
    spotInstanceRequestId: id,
    createTime: new Date(createdAt),
    launchSpecification: renderSpecification(facts.specification),
    productDescription: 'Linux/UNIX',
    spotPrice: facts.price,
    state: facts.state,
    status: { code: statusOf(facts), updateTime: new Date(facts.updatedAt) },
    tagSet: tagSet(tags),
    type: facts.type,
    instanceInterruptionBehavior: 'terminate',
  };
}

export const cancelSpotInstanceRequests = operation({
  fields: { SpotInstanceRequestId: required(list(string)) },
  run({ SpotInstanceRequestId: ids }, { store, resources, now }) {
    store.transaction(() => {
      for (const id of ids) {
        const request = resources.find<SpotRequestFacts>('spot-instances-request', id);
        if (!request) throw notFound('spot-instances-request', [id]);
        resources.setFacts<SpotRequestFacts>(id, { ...request.facts, state: 'cancelled', updatedAt: now() });
      }
    });
    return {
      spotInstanceRequestSet: { item: ids.map((id) => ({ spotInstanceRequestId: id, state: 'cancelled' })) },
    };
  },
});
