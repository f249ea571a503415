import { boolean } from '../kinds/text.ts';
import { option } from '../option.ts';

/** What the doctor prints besides what it found. */
export const checkOptions = {
  fix: option({
    kind: boolean,
    help: 'Print the aws commands that would fix what was found, as a script; nothing is changed',
    group: 'checks',
    commands: ['doctor'],
    in: 'flag',
  }),
  cloudformation: option({
    kind: boolean,
    help: 'With --fix, print a CloudFormation template instead',
    group: 'checks',
    commands: ['doctor'],
    in: 'flag',
  }),
};
