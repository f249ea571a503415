import { deleteObject, type StoredObject } from '@ec2-image/s3-upload';
import { type ImageRun, objectLocation, objectUrl } from './run.ts';

/** Deletes the object of this run; the versions that its credentials may not delete are told with its result. */
export async function discardObject(run: ImageRun, object: StoredObject): Promise<void> {
  const { leavesVersion } = await deleteObject({ ...objectLocation(run), object });
  run.leftovers.set('object', undefined);
  if (leavesVersion)
    run.leftovers.set('versions', `old versions of ${objectUrl(object)} (s3:DeleteObjectVersion denied)`);
}
