import { readXmlText } from '../body/read-xml-body.ts';
import { setSetting } from '../buckets/bucket-table.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { s3Error } from '../errors.ts';
import type { Operation } from '../s3-call.ts';
import { parseXml } from '../xml.ts';

/** The rules are kept and told; what they say happens after days, which is longer than an emulator runs. */
export const getBucketLifecycleConfiguration: Operation = (call) => {
  const { name, lifecycle } = openBucket(call);
  if (lifecycle === null) throw s3Error('NoSuchLifecycleConfiguration', { details: { BucketName: name } });
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: lifecycle };
};

export const putBucketLifecycleConfiguration: Operation = async (call) => {
  const { name } = openBucket(call);
  const lifecycle = await readXmlText(call);
  const rules = parseXml(lifecycle, 'LifecycleConfiguration').all('Rule');
  const isRule = ({ textOf, first }: (typeof rules)[number]) =>
    ['Enabled', 'Disabled'].includes(textOf('Status') ?? '') &&
    (first('Filter') !== undefined || first('Prefix') !== undefined);
  if (rules.length === 0 || !rules.every(isRule)) throw s3Error('MalformedXML');
  setSetting(call.store, name, { lifecycle });
  return { status: 200 };
};

export const deleteBucketLifecycle: Operation = (call) => {
  const { name } = openBucket(call);
  setSetting(call.store, name, { lifecycle: null });
  return { status: 204 };
};
