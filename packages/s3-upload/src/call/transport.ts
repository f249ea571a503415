import type { S3Client, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';
import { deriveClient, isAccessDenied } from '@ec2-image/aws-call';
import type { BuildMiddleware } from '@smithy/types';

/**
 * The caller's client, fit for sending large parts. `Expect: 100-continue` is left out: it opens a connection for
 * nearly every part. And the payload's SHA-256 is not signed where TLS protects it, or where it never leaves the
 * machine: the signature still covers the part's CRC32, which S3 checks. Where that is denied, as by a bucket's policy on
 * `s3:x-amz-content-sha256`, it is signed.
 */
export function createTransport(client: S3Client): S3Client {
  return deriveClient(client, (stack) => {
    stack.remove('addExpectContinueMiddleware');
    stack.add(unsignedPayload(), { step: 'build', name: 'unsignedPayload' });
  });
}

interface Request {
  readonly method?: string;
  readonly protocol?: string;
  readonly hostname?: string;
  readonly headers?: Record<string, string>;
}

const payloadHeader = 'x-amz-content-sha256';

function unsignedPayload(): BuildMiddleware<ServiceInputTypes, ServiceOutputTypes> {
  let mustSign = false;
  return (next) => async (args) => {
    const { method, headers, protocol, hostname } = args.request as Request;
    const hasChecksum = Object.keys(headers ?? {}).some((name) =>
      name.toLowerCase().startsWith('x-amz-checksum-'),
    );
    // Of a part: every other request is small.
    const isSafe = method === 'PUT' && hasChecksum && (protocol === 'https:' || isLoopback(hostname));
    if (!headers || !isSafe || mustSign || headers[payloadHeader] !== undefined) return next(args);
    const before = { ...headers };
    headers[payloadHeader] = 'UNSIGNED-PAYLOAD';
    try {
      return await next(args);
    } catch (error) {
      if (!isAccessDenied(error)) throw error;
      for (const name of Object.keys(headers)) delete headers[name];
      Object.assign(headers, before);
      try {
        const result = await next(args);
        mustSign = true;
        return result;
      } catch (failure) {
        // The signature was not the reason.
        throw isAccessDenied(failure) ? error : failure;
      }
    }
  };
}

function isLoopback(hostname = ''): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}
