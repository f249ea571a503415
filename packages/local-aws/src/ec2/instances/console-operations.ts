import { boolean, list, required, string } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { ec2Error } from '../errors.ts';
import { filterList } from '../filters.ts';
import { listResources } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import { type Instance, type InstanceFacts, instanceFilters, stateElement } from './instance.ts';
import { instanceTypeOf } from './instance-types.ts';
import { hasBooted } from './machine-command.ts';

/**
 * The output comes late: a call shows what there was at the call before it, and the first one nothing. `Latest` shows what
 * there is, and only Nitro has it.
 */
export const getConsoleOutput = operation({
  fields: { InstanceId: required(string), Latest: boolean },
  run({ InstanceId: instanceId, Latest: latest = false }, { resources, machines, now }) {
    const { facts } = resources.get<InstanceFacts>('instance', instanceId);
    if (latest && !instanceTypeOf(facts.instanceType)?.isNitro) {
      throw ec2Error(
        'UnsupportedOperation',
        `This instance type does not support retrieving the latest console logs: ${facts.instanceType}`,
      );
    }
    const machine = machines.find(instanceId);
    const text = (latest ? machine?.console : machine?.shown) ?? '';
    if (machine) machine.shown = machine.console;
    return {
      instanceId,
      timestamp: new Date(now()),
      output: text === '' ? undefined : Buffer.from(text, 'latin1').toString('base64'),
    };
  },
});

export const describeInstanceStatus = operation({
  fields: { InstanceId: list(string), Filter: filterList, IncludeAllInstances: boolean, ...pageFields },
  run({ IncludeAllInstances: all = false, ...input }, context) {
    const { resources, conditions } = context;
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
    const seen = [...items].filter(({ facts }) => all || facts.state === 'running');
    return { instanceStatusSet: { item: seen.map((one) => statusOf(one, context)) }, nextToken };
  },
});

function statusOf({ id, facts }: Instance, context: Ec2Context): XmlElements {
  const check = (status: string, reachability: string) => ({
    status,
    details: { item: [{ name: 'reachability', status: reachability }] },
  });
  const passed = check('ok', 'passed');
  return {
    instanceId: id,
    availabilityZone: facts.availabilityZone,
    instanceState: stateElement(facts.state),
    systemStatus: facts.state === 'running' ? passed : { status: 'not-applicable' },
    instanceStatus:
      facts.state === 'running' ? instanceCheck(id, context, check) : { status: 'not-applicable' },
  };
}

/** Passed once the firmware has handed over to what is on the disk: there is no network to ask by. */
function instanceCheck(
  id: string,
  { machines, settings, now }: Ec2Context,
  check: (status: string, reachability: string) => XmlElements,
): XmlElements {
  const machine = machines.find(id);
  if (!machine) return check('ok', 'passed');
  const ageMs = now() - machine.startedAt;
  if (ageMs < settings.statusCheckMs) return check('initializing', 'initializing');
  if (hasBooted(machine.console)) return check('ok', 'passed');
  return ageMs < settings.impairedAfterMs
    ? check('initializing', 'initializing')
    : check('impaired', 'failed');
}
