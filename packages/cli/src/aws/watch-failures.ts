import type { AwsRequestHandler } from './request-handler.ts';

/** A handler that remembers why its last request failed: the SDK's credential providers keep of it at most the message. */
export function watchFailures(inner: AwsRequestHandler) {
  let failure: unknown;
  const handler: AwsRequestHandler = {
    ...inner,
    async handle(request, options) {
      try {
        const answer = await inner.handle(request, options);
        failure = refusalIn(answer.response);
        return answer;
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  };
  return {
    handler,
    /** What broke the connection, or what the service answered instead of credentials; undefined after a good answer. */
    lastFailure: () => failure,
    forget() {
      failure = undefined;
    },
  };
}

/** By the header that names the error in the REST protocol, such as `TooManyRequestsException:http://…`. */
function refusalIn({
  statusCode,
  headers,
}: {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}): Error | undefined {
  if (statusCode < 400) return undefined;
  const name = headers['x-amzn-errortype']?.split(/[:,]/)[0]?.trim() || 'Unknown';
  const requestId = headers['x-amzn-requestid'];
  return Object.assign(new Error(''), { name, $metadata: { httpStatusCode: statusCode, requestId } });
}
