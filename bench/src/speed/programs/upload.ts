/** `upload.ts URL FILE`: one disk into the sink, as `ec2-image import` uploads it. */
import { stat } from 'node:fs/promises';
import { uploadDisk } from '@ec2-image/s3-upload';
import { sinkTarget } from '../sink-target.ts';

const [url = '', path = ''] = process.argv.slice(2);
const { size } = await stat(path);
await uploadDisk({ ...sinkTarget(url), disk: { path, size }, journalPath: false });
