import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Whether the server asked for the body with `100 Continue`. */
  readonly continued: boolean;
}

export interface RawRequest {
  readonly method?: string;
  /** Path and query as they go over the wire. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Hold the body back until the server says so. */
  readonly expectContinue?: boolean;
  /** Default: credentials that the emulator does not know, for S3 in us-east-1. */
  readonly authorization?: string | null;
}

/** As signatures have it: `20261126T152300Z`. */
export function amzDate(time = Date.now()): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

export function scopedTo(service: string, region = 'us-east-1', accessKeyId = 'unknown'): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${amzDate().slice(0, 8)}/${region}/${service}/aws4_request, SignedHeaders=host, Signature=00`;
}

/** A request byte for byte, as no SDK would send it. */
export function send(
  url: string,
  { method = 'GET', target, headers = {}, body, expectContinue, authorization = scopedTo('s3') }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let continued = false;
    const outgoing = request(url, {
      method,
      path: target,
      agent: false,
      headers: {
        'x-amz-date': amzDate(),
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        ...(authorization !== null && { authorization }),
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        ...(expectContinue && { expect: '100-continue' }),
        ...headers,
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', async (response) => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: await text(response), continued });
      outgoing.destroy();
    });
    if (expectContinue) {
      outgoing.flushHeaders();
      outgoing.on('continue', () => {
        continued = true;
        outgoing.end(body);
      });
    } else {
      outgoing.end(body);
    }
  });
}

export function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
