import { type BegunNamesOptions, findBegunNames } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';
import {
  type Digest,
  datedAmiName,
  keyPrefix,
  parseObjectKey,
  provenanceKeys,
  shortDigest,
} from '@ec2-image/provenance';
import { findKeys } from '@ec2-image/s3-upload';
import { amiNameFor, amiNameParts } from './ami-name.ts';
import { ec2Options, type ImportJob } from './run.ts';

type Naming = Pick<ImportJob, 'request' | 'cloud' | 'resumes' | 'signal'> & {
  readonly notice: (message: string) => void;
  readonly digest: Digest;
  readonly startedAt: Date;
};

/**
 * The name of the AMI. A `{date}` is that of the run which has begun this image: whoever resumes it on another day, or publishes
 * its AMI, finds it by its tags. Only `--fresh` makes another.
 *
 * @param among where to look for what was begun; in the bucket, too, where it is `all`
 */
export async function findAmiName(run: Naming, among: BegunNamesOptions['among']): Promise<string> {
  const { request, digest, startedAt } = run;
  const today = amiNameFor(request, { digest, startedAt });
  const dated = datedAmiName(amiNameParts(request, digest), request.amiNameTemplate);
  if (!dated || request.fresh) return today;
  const names = await findBegunNames({
    ...ec2Options(run),
    digest,
    among,
    fits: ({ name, tags }) => dated.test(name) && tags[provenanceKeys.name] === request.name,
  });
  const begun = names.length > 0 || among !== 'all' ? names : await namesInBucket(run, dated);
  const dateOf = (name: string) => dated.exec(name)![1]!;
  const [newest] = begun.toSorted((a, b) => dateOf(b).localeCompare(dateOf(a)));
  return newest ?? today;
}

/** Of a disk that is uploaded, or half so, and not imported yet. */
async function namesInBucket({ request, cloud, digest, signal }: Naming, dated: RegExp): Promise<string[]> {
  const { bucket, bucketOwner, keyPrefix: prefix, amiNameTemplate = '' } = request;
  if (bucket === undefined) return [];
  const { name, suffix, arch } = amiNameParts(request, digest);
  const known: Readonly<Record<string, string>> = { name, suffix, arch, digest: shortDigest(digest) };
  const head = amiNameTemplate
    .slice(0, amiNameTemplate.indexOf('{date}'))
    .replace(/\{([^{}]*)\}/g, (text, word) => known[word] ?? text);
  try {
    const keys = await findKeys({
      ...cloud.calls,
      client: cloud.s3,
      bucket,
      prefix: `${keyPrefix(prefix)}${head}`,
      expectedBucketOwner: bucketOwner ?? cloud.account,
      signal,
    });
    return keys.flatMap((key) => {
      const parsed = parseObjectKey(key, { prefix });
      return parsed?.shortDigest === shortDigest(digest) && dated.test(parsed.amiName) ? parsed.amiName : [];
    });
  } catch (error) {
    // Then the disk is uploaded again, under the name of today.
    if (isExplained(error) && error.code === 'ACCESS_DENIED') return [];
    throw error;
  }
}
