import { listBuckets as query } from '../buckets/bucket-table.ts';
import { invalidArgument } from '../errors.ts';
import { decodeToken, encodeToken } from '../listing/token.ts';
import { owner } from '../owner.ts';
import type { Operation } from '../s3-call.ts';
import { isoSeconds } from '../times.ts';
import { xmlResponse } from '../xml.ts';

const mostBuckets = 10_000;

export const listBuckets: Operation = ({ query: asked, request, store }) => {
  const limit = Number(asked.get('max-buckets') ?? mostBuckets);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostBuckets) {
    throw invalidArgument(
      `Argument max-buckets must be an integer between 1 and ${mostBuckets}.`,
      'max-buckets',
      asked.get('max-buckets') ?? '',
    );
  }
  const prefix = asked.get('prefix') ?? '';
  const found = query(store, {
    owner: request.accountId,
    after: decodeToken(asked.get('continuation-token')) ?? '',
    prefix,
    region: asked.get('bucket-region') ?? undefined,
    limit: limit + 1,
  });
  const buckets = found.slice(0, limit);
  const last = found.length > limit ? buckets.at(-1) : undefined;
  return xmlResponse('ListAllMyBucketsResult', {
    Owner: owner(request.accountId),
    Buckets: {
      Bucket: buckets.map(({ name, created_at, region }) => ({
        Name: name,
        CreationDate: isoSeconds(created_at),
        BucketRegion: region,
      })),
    },
    ContinuationToken: last && encodeToken(last.name),
    Prefix: prefix || undefined,
  });
};
