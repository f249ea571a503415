import { ServiceError } from '../service.ts';

/** https://docs.aws.amazon.com/ebs/latest/APIReference/CommonErrors.html and the errors of each action */
export function validation(reason: string, message: string): ServiceError {
  return new ServiceError(400, 'ValidationException', message, { details: { Reason: reason } });
}

export function snapshotNotFound(id: string): ServiceError {
  return new ServiceError(404, 'ResourceNotFoundException', `The snapshot '${id}' does not exist.`, {
    details: { Reason: 'SNAPSHOT_NOT_FOUND' },
  });
}

export function conflict(): ServiceError {
  return new ServiceError(
    409,
    'ConflictException',
    'The request uses the same client token as a previous, but non-identical request.',
  );
}
