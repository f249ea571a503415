import { listOf } from '../kinds/kind.ts';
import { copyCompletion, deprecation, parameterTemplate, regionOrAll, share } from '../kinds/publish.ts';
import { region } from '../kinds/text.ts';
import { option } from '../option.ts';

/** Where an AMI goes, and who may use it. */
export const publishOptions = {
  regions: option({
    kind: listOf(regionOrAll),
    help: 'Region to copy the AMI to; repeatable. all: every region that the account has enabled',
    group: 'publish',
    commands: ['import', 'publish'],
    in: 'both',
  }),
  'except-regions': option({
    kind: listOf(region),
    help: 'Region to leave out of regions; repeatable',
    group: 'publish',
    commands: ['import', 'publish'],
    in: 'both',
  }),
  'best-effort-regions': option({
    kind: listOf(region),
    help: 'Region of regions whose failure is a warning; repeatable',
    group: 'publish',
    commands: ['import', 'publish'],
    in: 'both',
  }),
  'copy-within': option({
    kind: copyCompletion,
    help: 'Time within which each copy is to be complete, in steps of 15m; costs more',
    group: 'publish',
    commands: ['import', 'publish'],
    in: 'both',
  }),
  share: option({
    kind: share,
    help: 'Who may use the AMI, in every region: a mapping with accounts, organizations, organizational-units and public, or the same as JSON. Whoever it does not name loses the AMI, with --apply',
    default: 'as it is',
    group: 'publish',
    commands: ['import', 'publish', 'retire'],
    in: 'both',
    variants: {
      retire: { help: 'Who may use an AMI that is enabled again, as publish has it', default: 'as it was' },
    },
  }),
  'deprecate-after': option({
    kind: deprecation,
    help: 'Deprecate the AMI in every region, so long after it was registered or at a date (UTC)',
    default: 'as it is',
    group: 'publish',
    commands: ['import', 'publish'],
    in: 'both',
  }),
  'ssm-parameter': option({
    kind: parameterTemplate,
    help: 'SSM parameter of this AMI in each region; {name}, {suffix}, {arch}, {date} (of the AMI), {digest} and {region} are filled in',
    group: 'publish',
    commands: ['import', 'publish'],
    in: 'both',
  }),
  'ssm-latest': option({
    kind: parameterTemplate,
    help: 'SSM parameter of the newest AMI; it moves last, once every required region is done',
    group: 'publish',
    commands: ['import', 'publish'],
    in: 'both',
  }),
};
