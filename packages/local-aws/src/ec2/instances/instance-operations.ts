import { randomBytes } from 'node:crypto';
import { integer, list, missingParameter, oneOf, required, string, structure } from '../../query/shape.ts';
import { oncePerToken } from '../client-tokens.ts';
import { ec2Error, invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import { filterList } from '../filters.ts';
import { type ImageFacts, imageState } from '../images/image.ts';
import { launchTemplateVersion } from '../launch-templates/launch-template.ts';
import { listResources } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import { openResources, type Resource } from '../resources.ts';
import { specifiedTagsAmong, tagSpecifications } from '../tags/tag-rules.ts';
import { boot, machineOf, networkInterface, requireMachine, subnetOf } from './boot.ts';
import {
  describedReservation,
  type Instance,
  type InstanceFacts,
  type InstanceState,
  instanceFilters,
  stateElement,
} from './instance.ts';
import { mayUseLaunchKeys } from './launch-keys.ts';

const defaultType = 'm1.small';
const maxInstances = 1000;

export const runInstances = operation({
  fields: {
    ImageId: string,
    InstanceType: string,
    MinCount: required(integer),
    MaxCount: required(integer),
    LaunchTemplate: structure({ LaunchTemplateId: string, LaunchTemplateName: string, Version: string }),
    SubnetId: string,
    NetworkInterface: list(networkInterface),
    MetadataOptions: structure({
      HttpTokens: oneOf('optional', 'required'),
      HttpEndpoint: oneOf('enabled', 'disabled'),
      HttpPutResponseHopLimit: integer,
    }),
    InstanceInitiatedShutdownBehavior: oneOf('stop', 'terminate'),
    ClientToken: string,
    TagSpecification: tagSpecifications,
  },
  async run(input, context) {
    const { store, resources, accountId, region } = context;
    const { ClientToken: token, ...request } = input;
    if (input.MinCount < 1 || input.MaxCount < input.MinCount || input.MaxCount > maxInstances) {
      throw invalidParameterValue(`Invalid counts: ${input.MinCount} to ${input.MaxCount}`);
    }
    const tags = specifiedTagsAmong(input.TagSpecification, 'instance', ['volume', 'network-interface']);
    const subnetId = subnetOf(input);
    const template = input.LaunchTemplate && launchTemplateVersion(resources, input.LaunchTemplate).data;
    const imageId = input.ImageId ?? template?.imageId;
    if (imageId === undefined) throw missingParameter('ImageId');
    const instanceType = input.InstanceType ?? template?.instanceType ?? defaultType;
    const launched = resources.get<ImageFacts>('image', imageId).facts;
    const machine = machineOf(launched, instanceType, context);
    await requireMachine(machine, context);
    const start: Pick<InstanceFacts, 'state' | 'stateReason'> = mayUseLaunchKeys(launched, context)
      ? { state: machine ? 'pending' : 'running' }
      : { state: 'terminated', stateReason: 'Client.InternalError' };
    // A token stands for all that its call launched.
    const ids = store.transaction(() =>
      oncePerToken(store, { accountId, region, operation: 'RunInstances', token, request }, () => {
        const image = launchableImage(imageId, context);
        const reservationId = `r-0${randomBytes(8).toString('hex')}`;
        const made = Array.from({ length: input.MaxCount }, (_, launchIndex) =>
          resources.insert<InstanceFacts>('instance', {
            facts: {
              ownerId: accountId,
              reservationId,
              launchIndex,
              imageId,
              instanceType,
              architecture: image.facts.architecture,
              virtualizationType: image.facts.virtualizationType,
              rootDeviceName: image.facts.rootDeviceName,
              bootMode: image.facts.bootMode,
              availabilityZone: `${region}a`,
              subnetId,
              httpTokens: input.MetadataOptions?.HttpTokens ?? (image.facts.imdsSupport && 'required'),
              onShutdown: input.InstanceInitiatedShutdownBehavior,
              ...start,
              clientToken: token,
            },
            tags,
          }),
        );
        return made.map(({ id }) => id).join(' ');
      }),
    );
    // A token leads to what its call launched, though no read shows that yet.
    const known = openResources(context);
    const instances = ids.split(' ').map((id) => known.get<InstanceFacts>('instance', id));
    for (const { id, facts } of instances) boot(id, facts, machine, context);
    return describedReservation(instances);
  },
});

/** Marks the AMI launched; EC2 shows that up to a day later. */
function launchableImage(id: string, { resources, now }: Ec2Context): Resource<ImageFacts> {
  const image = resources.get<ImageFacts>('image', id);
  const state = imageState(image.facts, now());
  if (state !== 'available') {
    throw ec2Error('InvalidAMIID.Unavailable', `The image ID '${id}' is not available: it is ${state}`);
  }
  resources.setFacts<ImageFacts>(id, { ...image.facts, lastLaunchedAt: now() });
  return image;
}

export const describeInstances = operation({
  fields: { InstanceId: list(string), Filter: filterList, ...pageFields },
  run(input, { resources, conditions }) {
    if (input.InstanceId.length > 0 && input.MaxResults !== undefined) {
      throw invalidParameterCombination(
        'The parameter instancesSet cannot be used with the parameter maxResults',
      );
    }
    const { items, nextToken } = listResources<InstanceFacts>({
      resources,
      type: 'instance',
      ids: input.InstanceId,
      filters: input.Filter,
      fields: instanceFilters,
      request: input,
      limits: { min: 5, max: 1000 },
      conditions,
    });
    const reservations = Map.groupBy(items, ({ facts }: Instance) => facts.reservationId);
    return { reservationSet: { item: [...reservations.values()].map(describedReservation) }, nextToken };
  },
});

/** Every change of state is instant, but that a machine takes a moment to end. */
function stateOperation(to: InstanceState, from: readonly InstanceState[]) {
  return operation({
    fields: { InstanceId: required(list(string)) },
    run({ InstanceId: ids }, { store, resources, machines }) {
      const changes = store.transaction(() =>
        ids.map((instanceId) => {
          const { facts } = resources.get<InstanceFacts>('instance', instanceId);
          if (!from.includes(facts.state)) {
            throw ec2Error(
              'IncorrectInstanceState',
              `The instance '${instanceId}' is not in a state from which it can be ${to}.`,
            );
          }
          const ending = to === 'running' ? undefined : machines.stop(instanceId);
          const state = ending && to === 'terminated' && facts.state !== 'terminated' ? 'shutting-down' : to;
          const ends = to !== 'running' && facts.state !== 'terminated' && facts.state !== 'shutting-down';
          resources.setFacts<InstanceFacts>(instanceId, {
            ...facts,
            state,
            stateReason: ends
              ? 'Client.UserInitiatedShutdown'
              : to === 'running'
                ? undefined
                : facts.stateReason,
          });
          return {
            instanceId,
            currentState: stateElement(state),
            previousState: stateElement(facts.state),
          };
        }),
      );
      return { instancesSet: { item: changes } };
    },
  });
}

export const startInstances = stateOperation('running', ['stopped', 'running']);
export const stopInstances = stateOperation('stopped', ['stopped', 'running']);
export const terminateInstances = stateOperation('terminated', [
  'pending',
  'stopped',
  'running',
  'shutting-down',
  'terminated',
]);
