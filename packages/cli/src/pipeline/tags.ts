import { amiTags, provenanceKeys, provenanceTags } from '@ec2-image/provenance';
import { version } from '../version.ts';
import type { IdentifiedRun } from './run.ts';

/** The format in which the disk travels: blocks written through EBS direct are raw. */
function diskFormatOf({ via, format }: IdentifiedRun['request']) {
  return via === 'ebs' ? 'raw' : format;
}

type Named = Pick<IdentifiedRun, 'request' | 'digest' | 'amiName' | 'startedAt' | 'known'>;

/** What shows that ec2-image made a resource, without the time: for calls whose token allows nothing that varies. */
export function constantTagsOf({ request, digest, amiName, known }: Named): Record<string, string> {
  return {
    ...request.ami.tags,
    Name: amiName,
    ...provenanceTags({
      sourceUrl: request.urls[0]!,
      digest,
      diskFormat: diskFormatOf(request),
      version,
      name: request.name,
      signedBy: known.signedBy,
      // By EBS the snapshot is started before anybody has seen all of the image.
      bootMode: request.via === 'ebs' ? undefined : known.boot?.finding,
    }),
  };
}

export function provenanceTagsOf({ request, digest, startedAt, known }: Named): Record<string, string> {
  return provenanceTags({
    sourceUrl: request.urls[0]!,
    digest,
    diskFormat: diskFormatOf(request),
    version,
    name: request.name,
    signedBy: known.signedBy,
    bootMode: known.boot?.finding,
    startedAt,
  });
}

/** Of a snapshot whose proof is known. */
export function snapshotTagsOf(run: Named): Record<string, string> {
  return { ...givenSnapshotTags(run), Name: run.amiName, ...provenanceTagsOf(run), ...proofTagsOf(run) };
}

/** Of an AMI of such a snapshot. */
export function amiTagsOf(run: Named): Record<string, string> {
  return {
    ...amiTags({ amiName: run.amiName, extra: givenAmiTags(run) }),
    ...provenanceTagsOf(run),
    ...proofTagsOf(run),
  };
}

export function converterTag(converter: string | undefined): Record<string, string> {
  return converter === undefined ? {} : { [provenanceKeys.converter]: converter };
}

/** @throws TypeError where the proof is not known: no tag may say more than was done */
function proofTagsOf({ known: { proof } }: Named): Record<string, string> {
  if (!proof) throw new TypeError('tags of a proof that is not known');
  return { [provenanceKeys.proof]: proof.extent, ...converterTag(proof.converter) };
}

/** The tag of a proof that this run has made itself, and so knows better than an earlier one did. */
export function provenAgain({ known: { proof } }: Pick<Named, 'known'>): Record<string, string> {
  return proof?.madeAt ? { [provenanceKeys.proof]: proof.extent } : {};
}

/** The user's own. */
export function givenAmiTags({ request: { ami } }: Pick<Named, 'request'>): Record<string, string> {
  return { ...ami.tags, ...ami.amiTags };
}

export function givenSnapshotTags({ request: { ami } }: Pick<Named, 'request'>): Record<string, string> {
  return { ...ami.tags, ...ami.snapshotTags };
}
