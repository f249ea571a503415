/** A run in a process of its own: options as JSON in, and a line of JSON for every event out. */
import { fetchImage } from '@ec2-image/fetch';

const options = JSON.parse(process.argv[2] ?? '{}');
const tell = (event: object) => void process.stdout.write(`${JSON.stringify(event)}\n`);

const image = await fetchImage({
  ...options,
  onProgress: ({ done }) => tell({ done }),
  onNotice: (notice) => tell({ notice }),
});
tell({ image });
