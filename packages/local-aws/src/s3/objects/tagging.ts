import type { Store } from '../../store/store.ts';
import { readXmlBody } from '../body/read-xml-body.ts';
import { findBucket } from '../buckets/bucket-table.ts';
import { accessControlPolicy } from '../owner.ts';
import type { Operation } from '../s3-call.ts';
import { xmlResponse } from '../xml.ts';
import { openObject } from './find-object.ts';
import { attributesOf, type ObjectRow } from './object-table.ts';
import { versionHeader } from './put-object.ts';
import { parseTagging, renderTagging, type Tag } from './tags.ts';

export const getObjectTagging: Operation = (call) => {
  const object = openObject(call);
  return xmlResponse('Tagging', renderTagging(attributesOf(object).tags), version(call.store, object));
};

export const putObjectTagging: Operation = async (call) => {
  openObject(call);
  const tags = parseTagging(await readXmlBody(call, 'Tagging'));
  return { status: 200, headers: setTags(call, tags) };
};

export const deleteObjectTagging: Operation = (call) => ({ status: 204, headers: setTags(call, []) });

export const getObjectAcl: Operation = (call) => {
  openObject(call);
  return accessControlPolicy(call.request.accountId);
};

function setTags(call: Parameters<Operation>[0], tags: readonly Tag[]): Record<string, string> {
  const { store } = call;
  return store.transaction(() => {
    const object = openObject(call);
    const attributes = JSON.stringify({ ...attributesOf(object), tags });
    store.run('UPDATE s3_object SET attributes = ? WHERE id = ?', [attributes, object.id]);
    return version(store, object);
  });
}

function version(store: Store, object: ObjectRow): Record<string, string> {
  return versionHeader(findBucket(store, object.bucket) ?? { versioning: null }, object.version_id);
}
