import { readXmlBody } from '../body/read-xml-body.ts';
import { setVersioning } from '../buckets/bucket-table.ts';
import { openBucket } from '../buckets/open-bucket.ts';
import { s3Error } from '../errors.ts';
import { accessControlPolicy } from '../owner.ts';
import type { Operation } from '../s3-call.ts';
import { xmlResponse } from '../xml.ts';

export const headBucket: Operation = (call) => {
  const { region } = openBucket(call);
  return { status: 200, headers: { 'x-amz-bucket-region': region, 'content-type': 'application/xml' } };
};

/** Answers for a bucket of any region; nothing stands for us-east-1. */
export const getBucketLocation: Operation = (call) => {
  const { region } = openBucket(call, { anyRegion: true });
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
      region === 'us-east-1' ? '' : region
    }</LocationConstraint>`,
  };
};

export const getBucketVersioning: Operation = (call) => {
  const { versioning } = openBucket(call);
  return xmlResponse('VersioningConfiguration', { Status: versioning ?? undefined });
};

export const putBucketVersioning: Operation = async (call) => {
  const { name } = openBucket(call);
  const configuration = await readXmlBody(call, 'VersioningConfiguration');
  const status = configuration.textOf('Status');
  if (status === undefined) throw s3Error('IllegalVersioningConfigurationException');
  if (status !== 'Enabled' && status !== 'Suspended') throw s3Error('MalformedXML');
  setVersioning(call.store, name, status);
  return { status: 200 };
};

export const getBucketAcl: Operation = (call) => {
  const bucket = openBucket(call);
  return accessControlPolicy(bucket.owner);
};
