import { manifestFormats } from '../../manifest/manifest.ts';
import { path } from '../kinds/locations.ts';
import { oneOf } from '../kinds/text.ts';
import { option } from '../option.ts';

/** How what is in the account, or was made, is shown and recorded. */
export const inventoryOptions = {
  layout: option({
    kind: oneOf(['table', 'images']),
    help: 'A row for each AMI, or name, architecture, region and id of the newest AMIs alone',
    default: 'table',
    group: 'output',
    commands: ['list'],
    in: 'flag',
  }),
  manifest: option({
    kind: path({ isWritten: true }),
    help: 'Write the AMIs to this file as they come, for a pipeline; it is whole at any time',
    group: 'output',
    commands: ['import', 'publish'],
    in: 'top',
  }),
  'manifest-format': option({
    kind: oneOf(manifestFormats),
    help: "Format of --manifest: ec2-image's own, or that of Packer's manifest post-processor",
    default: 'json',
    group: 'output',
    commands: ['import', 'publish'],
    in: 'top',
  }),
};
