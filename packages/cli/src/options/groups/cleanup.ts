import { listOf } from '../kinds/kind.ts';
import { path } from '../kinds/locations.ts';
import { duration, integer } from '../kinds/numbers.ts';
import { retention } from '../kinds/retention.ts';
import { accountId, amiId, boolean, tagPattern, text } from '../kinds/text.ts';
import { option } from '../option.ts';

const revokes = 'Revoke permissions that share no longer names';
const movesLatest = 'Move ssm-latest to an AMI that is older, or of another stream';
const copiesToAll = 'Do not ask before copying to every region (regions: all)';

/** What the janitor and tag-fix read, and what they may do. */
export const cleanupOptions = {
  retain: option({
    kind: retention,
    help: 'How much of each image stays, in each region: the newest count AMIs, and those younger than age. Older ones are deprecated, and retired once grace (30d) has passed. A mapping with count, age and grace, or the same as JSON',
    group: 'selection',
    commands: ['retire'],
    in: 'both',
  }),
  'all-regions': option({
    kind: boolean,
    help: 'Look in every region that the account has enabled',
    group: 'scope',
    commands: ['list', 'status', 'janitor', 'retire', 'tag-fix'],
    in: 'flag',
  }),
  'work-files': option({
    kind: boolean,
    help: 'Include the work directory: files that no run is using',
    group: 'scope',
    commands: ['janitor'],
    in: 'flag',
  }),
  'expect-account': option({
    kind: accountId,
    help: 'Refuse to work in any other account',
    group: 'scope',
    commands: ['janitor', 'retire'],
    in: 'flag',
  }),
  'older-than': option({
    kind: duration({ metavar: 'AGE' }),
    help: 'Keep whatever was active more recently, as 15m, 24h or 7d; a number alone is seconds',
    default: '24h',
    group: 'selection',
    commands: ['janitor', 'retire'],
    in: 'flag',
  }),
  'keep-tag': option({
    kind: listOf(tagPattern),
    help: 'Keep what has this tag; repeatable (permanent=true is always kept)',
    group: 'selection',
    commands: ['janitor', 'retire'],
    in: 'flag',
  }),
  'keep-suffix': option({
    kind: listOf(text()),
    help: 'Keep what is named <name>-i<suffix> with this suffix; repeatable',
    group: 'selection',
    commands: ['janitor', 'retire'],
    in: 'flag',
  }),
  ami: option({
    kind: listOf(amiId),
    help: 'Also disable, and in a later run delete, this AMI that ec2-image created; repeatable',
    group: 'selection',
    commands: ['janitor'],
    in: 'flag',
  }),
  superseded: option({
    kind: boolean,
    help: 'The same for AMIs that ec2-image created and that have a newer one of the same name',
    group: 'selection',
    commands: ['janitor'],
    in: 'flag',
  }),
  'max-deletes': option({
    kind: integer({ min: 0, max: 999_999_999 }),
    help: 'Delete nothing where the plan has more than this',
    default: '50',
    group: 'selection',
    commands: ['janitor', 'retire'],
    in: 'flag',
  }),
  'save-plan': option({
    kind: path({ isWritten: true }),
    help: 'Write the plan to this file',
    group: 'run',
    commands: ['janitor', 'retire'],
    in: 'flag',
  }),
  'from-plan': option({
    kind: path(),
    help: 'Delete only what this saved plan names, of what would be deleted now',
    group: 'run',
    commands: ['janitor', 'retire'],
    in: 'flag',
  }),
  apply: option({
    kind: boolean,
    help: 'Delete the leftovers',
    group: 'run',
    commands: ['janitor', 'retire', 'import', 'plan', 'publish'],
    in: 'flag',
    variants: {
      import: { help: revokes },
      plan: { help: revokes },
      publish: { help: revokes },
      retire: { help: 'Deprecate, disable, deregister and enable as the report says' },
    },
  }),
  now: option({
    kind: boolean,
    help: 'Deregister healthy AMIs at once: without it they are disabled, and a later run deregisters those still unused',
    group: 'run',
    commands: ['janitor'],
    in: 'flag',
  }),
  yes: option({
    kind: boolean,
    help: 'Do not ask before deleting',
    group: 'run',
    commands: ['janitor', 'retire', 'import', 'publish'],
    in: 'flag',
    variants: { import: { help: copiesToAll }, publish: { help: copiesToAll } },
  }),
  force: option({
    kind: boolean,
    help: "Correct wrong values of ec2-image's own tags on AMIs, where the right value is known",
    group: 'run',
    commands: ['tag-fix', 'import', 'plan', 'publish'],
    in: 'flag',
    variants: { import: { help: movesLatest }, plan: { help: movesLatest }, publish: { help: movesLatest } },
  }),
  'dry-run': option({
    kind: boolean,
    help: 'Show what would be added, and add nothing',
    group: 'run',
    commands: ['tag-fix', 'import'],
    in: 'flag',
    variants: { import: { help: 'Show what would be done, and do nothing (also ec2-image plan)' } },
  }),
};
