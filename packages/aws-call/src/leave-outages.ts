import type { Client, FinalizeHandler, MetadataBearer } from '@smithy/types';
import { deriveClient } from './derive-client.ts';
import { isUnanswered } from './error-facts.ts';

/** Carries an error past the SDK's retries, which would take it for transient. Not as its `cause`, which they inspect as well. */
class Unanswered extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super('no answer');
    this.error = error;
  }
}

export function unwrapUnanswered(error: unknown): unknown {
  return error instanceof Unanswered ? error.error : error;
}

/**
 * The same client, whose own retries are for what the service answers alone: a request without an answer fails at once,
 * as it will for as long as the outage lasts. What it throws goes through {@link unwrapUnanswered}.
 */
export function leaveOutages<Input extends object, Output extends MetadataBearer, Config, C>(
  client: C & Client<Input, Output, Config>,
): C {
  return deriveClient<Input, Output, Config, C>(client, (stack) => {
    stack.addRelativeTo(
      (next: FinalizeHandler<Input, Output>): FinalizeHandler<Input, Output> =>
        async (args) => {
          try {
            return await next(args);
          } catch (error) {
            throw isUnanswered(error) ? new Unanswered(error) : error;
          }
        },
      { relation: 'after', toMiddleware: 'retryMiddleware', name: 'leaveOutages', override: true },
    );
  });
}
