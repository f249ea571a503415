import { bootTest, instanceType, pattern, subnetId } from '../kinds/boot-test.ts';
import { duration } from '../kinds/numbers.ts';
import { boolean } from '../kinds/text.ts';
import { option } from '../option.ts';

/** How an instance is started that shows whether an AMI boots. */
export const bootTestOptions = {
  'boot-test': option({
    kind: bootTest,
    help: 'Start an instance of the AMI, and see that it boots, before the import counts as done: true, or its settings (instance-type, expect, timeout, subnet, public-address). A mapping in the file',
    default: 'no test',
    group: 'ami',
    commands: ['import', 'doctor', 'iam-policy'],
    in: 'both',
    variants: {
      doctor: { help: 'Check what the boot test of an import needs, too', group: 'checks' },
      'iam-policy': { help: 'Whether import tests that its AMIs boot', group: 'policy' },
    },
  }),
  'instance-type': option({
    kind: instanceType,
    help: 'Type of the instance',
    default: 't3.micro, or t4g.micro on arm64',
    group: 'boot',
    commands: ['boot-test'],
    in: 'flag',
  }),
  expect: option({
    kind: pattern,
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
    kind: subnetId,
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
