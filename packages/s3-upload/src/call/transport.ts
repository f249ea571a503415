import type { S3Client, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';
import { deriveClient } from '@ec2-image/aws-call';
import type { BuildMiddleware } from '@smithy/types';

/**
 * The caller's client, fit for sending large parts. `Expect: 100-continue` is left out: it opens a connection for
 * nearly every part. And the payload's SHA-256 is not signed where TLS protects it, or where it never leaves the
 * machine: the signature still covers the part's CRC32, which S3 checks.
 */
export function createTransport(client: S3Client): S3Client {
  return deriveClient(client, (stack) => {
    stack.remove('addExpectContinueMiddleware');
    stack.add(unsignedPayload, { step: 'build', name: 'unsignedPayload' });
  });
}

const unsignedPayload: BuildMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next) => (args) => {
  const request = args.request as {
    readonly protocol?: string;
    readonly hostname?: string;
    readonly headers?: Record<string, string>;
  };
  const hasChecksum = Object.keys(request.headers ?? {}).some((name) =>
    name.toLowerCase().startsWith('x-amz-checksum-'),
  );
  if (request.headers && hasChecksum && (request.protocol === 'https:' || isLoopback(request.hostname))) {
    request.headers['x-amz-content-sha256'] ??= 'UNSIGNED-PAYLOAD';
  }
  return next(args);
};

function isLoopback(hostname = ''): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}
