import { openBucket } from '../buckets/open-bucket.ts';
import type { Operation } from '../s3-call.ts';
import { openUpload } from './upload-part.ts';
import { removeUpload } from './upload-table.ts';

export const abortMultipartUpload: Operation = async (call) => {
  openBucket(call);
  const { store } = call;
  store.transaction(() => removeUpload(store, openUpload(call).id));
  store.blobs.purge();
  return { status: 204 };
};
