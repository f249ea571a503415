import { ServiceError } from '../service.ts';
import type { ApiModel } from './api-model.ts';
import { findViolations } from './find-violations.ts';

/** Of the violations, in a message. */
const mostShown = 5;

/**
 * Refuses an input that the service's API model rules out.
 *
 * @param code `ValidationError` of the Query services, `ValidationException` of the JSON ones
 * @throws ServiceError
 */
export function checkInput(model: ApiModel, operation: string, input: unknown, code: string): void {
  const constraint = model[operation];
  const violations = constraint ? findViolations(constraint, input) : [];
  if (violations.length === 0) return;
  const errors = violations.length === 1 ? 'error' : 'errors';
  throw new ServiceError(
    400,
    code,
    `${violations.length} validation ${errors} detected: ${violations.slice(0, mostShown).join('; ')}`,
  );
}
