import { findConsistently } from '@ec2-image/aws-call';
import { provenanceKeys, readProvenance, type Tags, whyNotOurImage } from '@ec2-image/provenance';
import { amiFacts } from './ami/ami.ts';
import { createEc2, type Ec2, type Ec2Options } from './ec2/ec2.ts';
import { listImages } from './ec2/list-images.ts';
import { listImportTasks, listSnapshots } from './snapshot/describe.ts';

export interface BegunNamesOptions extends Ec2Options {
  readonly digest: string;
  /** Where to look: the AMIs alone, or what earlier runs have made on the way to them. */
  readonly among: 'images' | 'images-and-snapshots' | 'all';
  /** Told from the name, and from the tags of what has it. */
  readonly fits: (named: { readonly name: string; readonly tags: Tags }) => boolean;
}

/**
 * The names of AMIs that earlier runs have registered of this image, or else were about to: of its snapshots, or else of its import
 * tasks. None is believed only after several looks.
 */
export async function findBegunNames(options: BegunNamesOptions): Promise<string[]> {
  const ec2 = createEc2(options);
  const found = await findConsistently(ec2, async () => {
    for (const list of listsOf(options)) {
      const names = (await list(ec2, options)).filter(options.fits).map(({ name }) => name);
      if (names.length > 0) return names;
    }
    return undefined;
  });
  return found ?? [];
}

interface Named {
  readonly name: string;
  readonly tags: Tags;
}

type List = (ec2: Ec2, options: BegunNamesOptions) => Promise<Named[]>;

function listsOf({ among }: BegunNamesOptions): readonly List[] {
  const lists = [namedImages, namedSnapshots, namedTasks];
  return lists.slice(0, { images: 1, 'images-and-snapshots': 2, all: 3 }[among]);
}

const byDigest = `tag:${provenanceKeys.sourceDigest}`;

async function namedImages(ec2: Ec2, { digest }: BegunNamesOptions): Promise<Named[]> {
  const region = await ec2.region();
  const images = await listImages(ec2, { name: byDigest, value: digest });
  return images
    .filter(({ State }) => State !== 'deregistered')
    .map((image) => amiFacts(image, region))
    .filter((ami) => whyNotOurImage(ami) === undefined);
}

async function namedSnapshots(ec2: Ec2, { digest }: BegunNamesOptions): Promise<Named[]> {
  const snapshots = await listSnapshots(ec2, { name: byDigest, values: [digest] });
  return snapshots
    .filter(({ origin }) => origin.kind !== 'foreign')
    .map(({ tags }) => ({ name: tags.Name ?? '', tags }));
}

async function namedTasks(ec2: Ec2, { digest }: BegunNamesOptions): Promise<Named[]> {
  const tasks = await listImportTasks(ec2);
  return tasks.flatMap(({ tags = {} }) =>
    readProvenance(tags)?.digest === digest ? { name: tags.Name ?? '', tags } : [],
  );
}
