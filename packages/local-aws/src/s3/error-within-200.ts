import type { ServiceResponse } from '../service.ts';
import type { S3Call } from './s3-call.ts';
import { renderErrorDocument } from './xml.ts';

export interface ErrorWithin200 {
  readonly when: 'before' | 'after';
  readonly code: string;
  readonly message: string;
}

/** The fault, if it strikes: S3 has sent its 200 already when such a call fails. */
export function takeErrorWithin200(call: S3Call): ErrorWithin200 | undefined {
  const action = call.fault('error-in-200');
  return (
    action && {
      when: action.when ?? 'before',
      code: action.code ?? 'InternalError',
      message: action.message ?? 'We encountered an internal error. Please try again.',
    }
  );
}

/** With the white space that keeps the connection alive while S3 works. */
export function errorWithin200({ request }: S3Call, { code, message }: ErrorWithin200): ServiceResponse {
  const document = renderErrorDocument({ Code: code, Message: message, RequestId: request.id });
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: document.replace('\n', `\n${' '.repeat(64)}\n`),
  };
}
