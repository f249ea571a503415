import { openBucket } from '../buckets/open-bucket.ts';
import { s3Error } from '../errors.ts';
import { removeUpload } from '../multipart/upload-table.ts';
import type { Operation } from '../s3-call.ts';

/** Objects stand in its way, versions and delete markers included; incomplete uploads go with it. */
export const deleteBucket: Operation = async (call) => {
  const { name } = openBucket(call);
  const { store } = call;
  store.transaction(() => {
    if (store.get('SELECT 1 FROM s3_object WHERE bucket = ? LIMIT 1', [name])) {
      throw s3Error('BucketNotEmpty', { details: { BucketName: name } });
    }
    for (const { id } of store.all<{ id: string }>('SELECT id FROM s3_upload WHERE bucket = ?', [name])) {
      removeUpload(store, id);
    }
    store.run('DELETE FROM s3_bucket WHERE name = ?', [name]);
  });
  store.blobs.purge();
  return { status: 204 };
};
