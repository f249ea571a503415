import { oneOf } from '../kinds/text.ts';
import { option } from '../option.ts';

/** How what is in the account is shown. */
export const inventoryOptions = {
  layout: option({
    kind: oneOf(['table', 'images']),
    help: 'A row for each AMI, or name, architecture, region and id of the newest AMIs alone',
    default: 'table',
    group: 'output',
    commands: ['list'],
    in: 'flag',
  }),
};
