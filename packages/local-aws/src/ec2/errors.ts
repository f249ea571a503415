import { ServiceError } from '../service.ts';

/** EC2 answers nearly every refusal with status 400; the code tells them apart. */
export function ec2Error(code: string, message: string): ServiceError {
  return new ServiceError(400, code, message);
}

export function invalidParameterValue(message: string): ServiceError {
  return ec2Error('InvalidParameterValue', message);
}

export function invalidParameterCombination(message: string): ServiceError {
  return ec2Error('InvalidParameterCombination', message);
}

export function dryRunOperation(): ServiceError {
  return new ServiceError(412, 'DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
}
