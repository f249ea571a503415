import { duration } from '../kinds/numbers.ts';
import { boolean, shaped, text } from '../kinds/text.ts';
import { option } from '../option.ts';

/** How an instance is started that shows whether an AMI boots. */
export const bootTestOptions = {
  'instance-type': option({
    kind: shaped('TYPE', /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type such as t3.micro'),
    help: 'Type of the instance',
    default: 't3.micro, or t4g.micro on arm64',
    group: 'boot',
    commands: ['boot-test'],
    in: 'flag',
  }),
  expect: option({
    kind: text({ metavar: 'PATTERN' }),
    help: 'Regular expression that the console matches once the system is up',
    default: "a login prompt, or cloud-init's last line",
    group: 'boot',
    commands: ['boot-test'],
    in: 'flag',
  }),
  'boot-timeout': option({
    kind: duration(),
    help: 'How long it may take until then',
    default: '600',
    group: 'boot',
    commands: ['boot-test'],
    in: 'flag',
  }),
  subnet: option({
    kind: shaped('ID', /^subnet-[0-9a-f]{8,17}$/, 'a subnet id such as subnet-0123456789abcdef0'),
    help: 'Subnet of the instance',
    default: 'one of the default VPC',
    group: 'boot',
    commands: ['boot-test'],
    in: 'flag',
  }),
  'public-address': option({
    kind: boolean,
    help: 'Give the instance a public IPv4 address',
    group: 'boot',
    commands: ['boot-test'],
    in: 'flag',
  }),
};
