/** `convert.ts FILE OUTPUT [URL]`: a disk as VHDX; with a URL uploaded into the sink while it is being written. */
import { convertImage, partialPath, writeLagBytes } from '@ec2-image/convert';
import { uploadDisk } from '@ec2-image/s3-upload';
import { sinkTarget } from '../sink-clients.ts';

const [path = '', output = '', url] = process.argv.slice(2);
const writing = Promise.withResolvers<number>();
const finished = convertImage({
  image: { path },
  format: 'vhdx',
  output,
  onProgress({ stage, total }) {
    if (stage === 'convert') writing.resolve(total);
  },
});
if (url === undefined) {
  await finished;
} else {
  const maxSize = Math.ceil((await writing.promise) * 1.01) + 64 * 2 ** 20;
  const disk = { path: partialPath(output), maxSize, writeLagBytes, finished };
  await uploadDisk({ ...sinkTarget(url), disk, journalPath: false });
}
