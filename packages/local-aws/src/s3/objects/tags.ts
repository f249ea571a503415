import type { XmlElements } from '../../query/xml.ts';
import { s3Error } from '../errors.ts';
import type { XmlNode } from '../xml.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** `x-amz-tagging`: the form of a URL's query. */
export function parseTagHeader(header: string | undefined): Tag[] {
  return checked([...new URLSearchParams(header ?? '')].map(([key, value]) => ({ key, value })));
}

export function parseTagging(tagging: XmlNode): Tag[] {
  const set = tagging.first('TagSet');
  if (!set) throw s3Error('MalformedXML');
  return checked(
    set.all('Tag').map((tag) => {
      const key = tag.textOf('Key');
      const value = tag.textOf('Value');
      if (key === undefined || value === undefined) throw s3Error('MalformedXML');
      return { key, value };
    }),
  );
}

export function renderTagging(tags: readonly Tag[]): XmlElements {
  return { TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) } };
}

const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
function checked(tags: Tag[]): Tag[] {
  if (tags.length > 10) {
    throw s3Error('InvalidTag', { message: 'Object tags cannot be greater than 10' });
  }
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw s3Error('InvalidTag', { message: 'Cannot provide multiple Tags with the same key' });
  }
  for (const { key, value } of tags) {
    if (key.length < 1 || key.length > 128 || !allowed.test(key)) {
      throw s3Error('InvalidTag', {
        message: 'The TagKey you have provided is invalid',
        details: { TagKey: key },
      });
    }
    if (value.length > 256 || !allowed.test(value)) {
      throw s3Error('InvalidTag', {
        message: 'The TagValue you have provided is invalid',
        details: { TagKey: key, TagValue: value },
      });
    }
    if (key.startsWith('aws:')) {
      throw s3Error('InvalidTag', { message: 'System tags cannot be added/updated by requester' });
    }
  }
  return tags;
}
