/** Serves a directory as a mirror does: `directory-server.ts DIRECTORY`. Prints its URL. */
import { serveDirectory } from '@ec2-image/sample-image';

// A mirror is elsewhere: what it takes of this machine's cores should be little.
const { url } = await serveDirectory({ directory: process.argv[2] ?? '.', readBytes: 2 ** 20 });
console.log(url);
