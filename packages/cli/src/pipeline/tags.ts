import { amiTags, provenanceTags } from '@ec2-image/provenance';
import { version } from '../version.ts';
import type { Identified } from './work.ts';

/** What the disk is kept as on its way: blocks written through EBS direct are raw. */
function diskFormatOf({ via, format }: Identified['request']) {
  return via === 'ebs' ? 'raw' : format;
}

type Named = Pick<Identified, 'request' | 'digest' | 'amiName' | 'startedAt'>;

/** What proves that a thing is ours, without the time: for calls whose token allows nothing that varies. */
export function constantTagsOf({ request, digest, amiName }: Named): Record<string, string> {
  return {
    ...request.tags,
    Name: amiName,
    ...provenanceTags({ sourceUrl: request.urls[0]!, digest, diskFormat: diskFormatOf(request), version }),
  };
}

export function provenanceTagsOf({ request, digest, startedAt }: Named): Record<string, string> {
  return provenanceTags({
    sourceUrl: request.urls[0]!,
    digest,
    diskFormat: diskFormatOf(request),
    version,
    startedAt,
  });
}

export function snapshotTagsOf(work: Named): Record<string, string> {
  return { ...work.request.tags, Name: work.amiName, ...provenanceTagsOf(work) };
}

export function amiTagsOf(work: Named): Record<string, string> {
  return { ...amiTags({ amiName: work.amiName, extra: work.request.tags }), ...provenanceTagsOf(work) };
}
