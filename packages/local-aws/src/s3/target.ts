/** What a request is addressed to: the service, a bucket, or an object. */
export interface Target {
  readonly bucket?: string;
  /** Decoded. */
  readonly key?: string;
  /** Whether the bucket was named by the host. */
  readonly virtualHosted: boolean;
}

/**
 * Both of S3's styles: the bucket as the path's first segment, or as the host's first labels
 * (`bucket.localhost`, `bucket.s3.localhost`, `bucket.s3.eu-west-1.amazonaws.com`).
 *
 * @throws URIError where the path is not valid percent-encoded UTF-8
 */
export function parseTarget({ host, path }: { host: string; path: string }): Target {
  const bucket = bucketOfHost(host.replace(/:\d+$/, '').toLowerCase());
  if (bucket !== undefined) {
    const key = decodeURIComponent(path.slice(1));
    return { bucket, virtualHosted: true, ...(key && { key }) };
  }
  const slash = path.indexOf('/', 1);
  const first = decodeURIComponent(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decodeURIComponent(path.slice(slash + 1));
  return { virtualHosted: false, ...(first && { bucket: first }), ...(first && key && { key }) };
}

const s3Host = /^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)?\.(?:localhost|amazonaws\.(?:com(?:\.cn)?|eu))$/;
const localHost = /^(.+)\.localhost$/;

function bucketOfHost(host: string): string | undefined {
  const match = s3Host.exec(host);
  if (match) return match[1];
  return localHost.exec(host)?.[1];
}
