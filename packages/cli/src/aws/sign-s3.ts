import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type CallOptions, createSender } from '@ec2-image/aws-call';
import type { SignedRequest, SignS3Request } from '@ec2-image/fetch';
import { findBucketRegion } from '@ec2-image/s3-upload';
import { clientSettings, s3Settings } from './clients.ts';
import type { Connection } from './connection.ts';

/** As much of the SDK's own request as is sent. */
interface HttpRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Signs requests for objects with the SDK's credentials, for the region that the bucket is in and the endpoint that the
 * SDK chooses. The SDK makes the request and does not send it: the download itself resumes, retries and reads ranges.
 */
export function createS3Signer({
  connection,
  client,
  calls,
}: {
  readonly connection: Connection;
  /** Of the import's region. */
  readonly client: S3Client;
  readonly calls: CallOptions;
}): SignS3Request {
  const clients = new Map<string, Promise<S3Client>>();
  const clientFor = (bucket: string): Promise<S3Client> => {
    const known = clients.get(bucket);
    if (known) return known;
    const opened = findBucketRegion({ ...calls, client, bucket }).then(
      (region = connection.region) =>
        new S3Client({ ...clientSettings({ ...connection, region }, 'S3'), ...s3Settings(connection) }),
    );
    clients.set(bucket, opened);
    // Tried again for the next request.
    opened.catch(() => clients.delete(bucket));
    return opened;
  };
  return async ({ bucket, key, range }) => {
    const sender = createSender({ ...calls, client: await clientFor(bucket), service: 'S3' });
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, Range: range });
    let signed: HttpRequest | undefined;
    command.middlewareStack.addRelativeTo(
      () => async (args: { readonly request: unknown }) => {
        signed = args.request as HttpRequest;
        return { response: undefined, output: { $metadata: {} } };
      },
      { name: 'takeSignedRequest', relation: 'after', toMiddleware: 'httpSigningMiddleware' },
    );
    await sender.send(command);
    return toSend(signed!);
  };
}

function toSend({ protocol, hostname, port, path, query = {}, headers }: HttpRequest): SignedRequest {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query))
    for (const one of [value].flat()) url.searchParams.append(name, one ?? '');
  // The length and the host are what the connection says they are.
  const { host: _, 'content-length': __, ...others } = headers;
  return { url, headers: others };
}
