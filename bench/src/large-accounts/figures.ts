import type { Figure } from '../measuring/figure.ts';
import { expectedCalls } from './expected-calls.ts';
import { type CommandName, commandNames, runOnLargeAccount } from './large-account.ts';
import { twentyRegions } from './regions.ts';
import { type CommandRun, surplusOf, total } from './run-command.ts';
import type { AccountSize } from './seed-account.ts';

/** 170,000 resources: 100,000 snapshots, 20,000 AMIs and 50,000 objects. */
export const largeAccount: AccountSize = {
  images: 500,
  regions: twentyRegions,
  snapshots: 5000,
  objects: 2500,
};

/** What the tool's own process may take at its peak. */
export const maxPeakBytes = 300 * 2 ** 20;

const what: Readonly<Record<CommandName, string>> = {
  plan: '`plan` of 500 images published to 20 regions',
  list: '`list` of 20,000 AMIs in 20 regions',
  janitor: '`janitor` in 20 regions with 170,000 resources',
  retire: '`retire` of 500 images in 20 regions, the report',
  'retire --apply': '`retire --apply` of 500 images in 20 regions: 10,000 AMIs deprecated',
};

/** Of each command: its calls, how many of them AWS would refuse, its memory. */
export async function largeAccountFigures(): Promise<Figure[]> {
  const runs = await runOnLargeAccount(largeAccount);
  return commandNames.flatMap((name) => figuresOf(name, runs[name]));
}

function figuresOf(name: CommandName, { seconds, peak, calls, throttled }: CommandRun): Figure[] {
  const surplus = surplusOf(calls, expectedCalls(largeAccount, { seconds })[name]);
  const counts = Object.entries(calls)
    .sort(([, a], [, b]) => b - a)
    .map(([operation, count]) => `${operation} ${count.toLocaleString('en')}`);
  return [
    {
      what: `${what[name]}: calls beyond one for each page of a list and those for each AMI`,
      value: surplus.length,
      target: { atMost: 0 },
      from: [
        `${total(calls).toLocaleString('en')} calls in ${seconds.toFixed(0)} s: ${counts.join(', ')}`,
        ...surplus,
      ].join('; '),
    },
    {
      what: `${name}: peak memory of the tool`,
      value: peak.own / 2 ** 20,
      unit: ' MiB',
      target: { atMost: maxPeakBytes / 2 ** 20 },
      from: 'VmHWM of its process',
    },
    {
      what: `${name}: calls that find their token bucket empty, and are repeated`,
      value: (100 * total(throttled)) / (total(calls) + total(throttled)),
      unit: ' %',
      from: `${total(throttled).toLocaleString('en')}, of an emulator that takes as many calls a second of each API and region as EC2 publishes`,
    },
  ];
}
