import { findProgram, startConfined } from '@ec2-image/confined-process';
import type { Store } from '../../store/store.ts';
import { ec2Error } from '../errors.ts';
import type { InstanceOwner, MachineFacts, Machines } from '../machine.ts';
import { openResources } from '../resources.ts';
import type { InstanceFacts, InstanceState } from './instance.ts';
import { findUefi, machineArguments, machinePrograms, memoryMiB, uefiPackages } from './machine-command.ts';

/** EC2 keeps so much of a console's output. */
const consoleCharacters = 64 * 1024;
/** Of QEMU itself, its libraries and threads, and the firmware's flash memory. */
const ownMemoryMiB = 2048;
/** What a guest may write, which goes to a file that has no name. */
const maxWrittenBytes = 8 * 2 ** 30;

interface Running {
  console: string;
  shown: string;
  startedAt: number;
  readonly stop: AbortController;
  ended: Promise<void>;
}

/** What has to be installed before the emulator can boot an instance: names of Debian's packages. */
export async function missingToBoot({
  architecture,
  firmware,
}: Pick<MachineFacts, 'architecture' | 'firmware'>): Promise<string[]> {
  const program = machinePrograms[architecture];
  return [
    ...((await findProgram(program.name)) ? [] : [program.debian]),
    ...(firmware === 'bios' || (await findUefi(architecture)) ? [] : [uefiPackages[architecture]]),
  ];
}

/** @param options.maxLifeMs after which a machine is switched off that nobody has ended */
export function createMachines({
  store,
  now,
  maxLifeMs,
  onNotice,
}: {
  readonly store: Store;
  readonly now: () => number;
  readonly maxLifeMs: number;
  readonly onNotice: (message: string) => void;
}): Machines {
  const machines = new Map<string, Running>();

  function setState(
    { id, accountId, region }: InstanceOwner,
    state: InstanceState,
    stateReason?: InstanceFacts['stateReason'],
  ): void {
    const resources = openResources({ store, accountId, region, now });
    store.transaction(() => {
      const facts = resources.find<InstanceFacts>('instance', id)?.facts;
      if (!facts || facts.state === 'terminated') return;
      const reason = facts.stateReason ?? stateReason;
      resources.setFacts<InstanceFacts>(id, { ...facts, state, stateReason: reason });
    });
  }

  async function run(owner: InstanceOwner, facts: MachineFacts, machine: Running): Promise<void> {
    const uefi = facts.firmware === 'uefi' ? await findUefi(facts.architecture) : [];
    const { signal } = machine.stop;
    const { name } = machinePrograms[facts.architecture];
    const started = await startConfined({
      name,
      args: machineArguments(facts, uefi),
      limits: { memoryBytes: (memoryMiB + ownMemoryMiB) * 2 ** 20, fileBytes: maxWrittenBytes },
      signal,
    });
    if (!started) throw new Error(`${name} is not there any more`);
    setState(owner, 'running');
    for await (const text of started.stdout.setEncoding('latin1')) {
      machine.console = (machine.console + text).slice(-consoleCharacters);
    }
    const { exitCode, stderr } = await started.ended;
    if (exitCode !== 0) onNotice(`instance ${owner.id}: ${name} ended with ${exitCode}: ${stderr}`);
  }

  return {
    async require(machine) {
      const { architecture } = machine;
      const missing = await missingToBoot(machine);
      if (missing.length === 0) return;
      throw ec2Error(
        'Unsupported',
        `This emulator boots instances in QEMU, which is not installed for ${architecture}: apt-get install ${missing.join(' ')} (Debian).`,
      );
    },
    start(owner, facts) {
      const stop = new AbortController();
      const machine: Running = { console: '', shown: '', startedAt: now(), stop, ended: Promise.resolve() };
      const life = setTimeout(() => stop.abort(), maxLifeMs).unref();
      machine.ended = run(owner, facts, machine)
        .catch((error: Error) => {
          if (!stop.signal.aborted) onNotice(`instance ${owner.id}: ${error.message}`);
        })
        .finally(() => {
          clearTimeout(life);
          const { onShutdown } = findFacts(owner) ?? {};
          const byItself = !stop.signal.aborted;
          setState(
            owner,
            onShutdown === 'stop' && byItself ? 'stopped' : 'terminated',
            byItself ? 'Client.InstanceInitiatedShutdown' : 'Client.UserInitiatedShutdown',
          );
        });
      machines.set(owner.id, machine);
    },
    find: (id) => machines.get(id),
    stop(id) {
      const machine = machines.get(id);
      machine?.stop.abort();
      return machine?.ended;
    },
    async close() {
      for (const { stop } of machines.values()) stop.abort();
      await Promise.all([...machines.values()].map(({ ended }) => ended));
    },
  };

  function findFacts({ id, accountId, region }: InstanceOwner): InstanceFacts | undefined {
    return openResources({ store, accountId, region, now }).find<InstanceFacts>('instance', id)?.facts;
  }
}
