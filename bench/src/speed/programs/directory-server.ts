/** Serves a directory as a mirror does: `directory-server.ts DIRECTORY`. Prints its URL. */
import { serveDirectory } from '@ec2-image/sample-image';

const { url } = await serveDirectory({ directory: process.argv[2] ?? '.' });
console.log(url);
