import { amiId } from '../kinds/text.ts';
import type { CommandSpec } from './spec.ts';

/** What is in the account, and what of it can go. */
export const accountCommands = {
  list: {
    summary: 'list the AMIs that ec2-image created',
    details: [
      'Lists the AMIs that ec2-image provably created, in every region asked for: name, id, snapshot, architecture, age, state, the results of boot test and proof, who signed the image, with whom the AMI is shared, when it is deprecated, and the SSM parameters that name it. Columns in which no AMI has anything are left out of the table; --json has all of them.',
      'With --layout images it prints, of each name and architecture, the newest AMI in each region: with --json as a document for scripts. Nothing is changed.',
      'Exit codes: 0 done, 4 something could not be read.',
    ],
    examples: [
      ['In the regions of the configuration', 'ec2-image list'],
      ['In every region', 'ec2-image list --all-regions'],
      ['The newest AMIs, for a script', 'ec2-image list --layout images --json'],
    ],
  },
  status: {
    summary: 'show imports in progress or half done, and the command that continues each',
    details: [
      'Finds what imports have begun and not finished: running import tasks with their progress, incomplete uploads, uploaded objects, snapshots without an AMI, AMIs and copies that are pending or have failed, and instances of boot tests. All state is in the account, so any machine sees it, and continues each with the command that is shown. Nothing is changed; ec2-image janitor deletes what nobody wants.',
      'Exit codes: 0 done, 4 something could not be read.',
    ],
    examples: [
      [
        'In the regions and buckets of the configuration, those that it publishes to included',
        'ec2-image status',
      ],
      ['The same without a configuration', 'ec2-image status --bucket my-bucket --region us-east-1'],
    ],
  },
  janitor: {
    summary: 'find what failed imports left behind, and delete it with --apply',
    details: [
      'Finds instances of boot tests, incomplete uploads, import tasks, snapshots, failed AMIs and objects that ec2-image provably created. A matching name alone proves nothing. Whatever is recent, in use, shared, protected or still being worked on is kept, each with its reason, and so is everything that depends on something that could not be read.',
      'Without --apply nothing is changed. With it, each resource is checked again just before its deletion, and reported as deleted once a read confirms it.',
      'Healthy AMIs that --ami names or --superseded finds are disabled first, and deregistered by a later run that still finds them unused; one that has come into use is enabled again. Use by AWS Batch, EMR, Elastic Beanstalk, templates and code is not visible.',
      'Exit codes: 0 no leftovers, 3 leftovers were found, 4 something could not be read or deleted, 5 the plan exceeds --max-deletes and nothing was deleted.',
    ],
    examples: [
      ['Leftovers in the regions and buckets of the configuration', 'ec2-image janitor'],
      ['The same without a configuration', 'ec2-image janitor --bucket my-bucket --region us-east-1'],
      ['Save a plan for review', 'ec2-image janitor --save-plan plan.json'],
      ['Carry it out', 'ec2-image janitor --from-plan plan.json --apply'],
      ['From a script', 'ec2-image janitor --apply --yes --expect-account 123456789012 --json'],
      ['Older unused AMIs, too', 'ec2-image janitor --superseded'],
    ],
  },
  retire: {
    summary: 'deprecate old AMIs by count and age, and after a grace period deregister them',
    details: [
      'Under retain: {count, age, grace} of an image, keeps the newest count AMIs that ec2-image created of it, and those younger than age, in each region and architecture. An older one is deprecated and keeps its sharing until grace has passed. Then, unused, it is unshared and disabled; a later run that still finds it unused deregisters it and deletes its snapshots. One that has come into use is enabled again and shared as the configuration says.',
      'What an SSM parameter names, what was launched recently, is in use or protected is kept, each with its reason. Being shared does not count as use. With --apply, use by other accounts is looked for by usage reports of EC2, which leave out the last day.',
      'Without --apply nothing is changed. With it, each resource is checked again just before.',
      'Exit codes: 0 nothing to do, 3 something to do, 4 something could not be read or changed, 5 the plan exceeds --max-deletes and nothing was changed.',
    ],
    operands: {
      metavar: 'NAME',
      min: 0,
      max: Number.POSITIVE_INFINITY,
      what: 'names of images',
      completes: 'image',
    },
    examples: [
      ['What the configuration retires', 'ec2-image retire'],
      ['Carry it out, from a script', 'ec2-image retire --apply --yes --json'],
      ['One image, in every region', 'ec2-image retire fedora-aws --all-regions'],
      [
        'Without a configuration',
        `ec2-image retire fedora-aws --region us-east-1 --retain '{"count": 3, "age": "90d"}'`,
      ],
    ],
  },
  'tag-fix': {
    summary: 'add tags missing after a partially failed import',
    details: [
      'Finds AMIs and snapshots that ec2-image provably created and that lack Name, automation or the tags that record their origin, and adds what is missing. An existing tag is not overwritten: a different value on an AMI is reported. With --force, wrong values of the tags that record its origin and of Name are corrected.',
      'AMIs made by other means get Name and automation when they are given together with --name and --suffix. Those that were imported by hand from an image, and are named <name>-i<suffix>, become known to later imports when they are given together with --url and --sha256 or --sha512 of that image: an import of it then proves their snapshots, and reuses them.',
      'Exit codes: 0 done or nothing to do, 1 a tag has another value, or an AMI was refused or could not be tagged, 4 something could not be read.',
    ],
    operands: { metavar: 'AMI', min: 0, max: Number.POSITIVE_INFINITY, what: 'AMI ids', kind: amiId },
    examples: [
      ['Everything that ec2-image created', 'ec2-image tag-fix'],
      ['Show what would be added', 'ec2-image tag-fix --dry-run'],
      ['One AMI', 'ec2-image tag-fix ami-0123456789abcdef0 --region us-east-1'],
      [
        'An AMI that a script made',
        'ec2-image tag-fix ami-0123456789abcdef0 --name fedora-aws --suffix 20261122',
      ],
      [
        'An AMI that was imported by hand, for import to reuse',
        'ec2-image tag-fix ami-0123456789abcdef0 --url https://example.org/Fedora.x86_64.qcow2 --sha256 2b3b9e0a5f4c7777777777777777777777777777777777777777777777777777',
      ],
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
