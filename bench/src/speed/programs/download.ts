/** `download.ts URL DIGEST DIRECTORY CONNECTIONS`: one image, its digest proven. */
import { fetchImage } from '@ec2-image/fetch';
import { parseDigest } from '@ec2-image/provenance';

const [url = '', digest = '', directory = '', connections = '4'] = process.argv.slice(2);
await fetchImage({ url, digest: parseDigest(digest)!, directory, connections: Number(connections) });
