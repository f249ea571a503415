import { ServiceError } from '../service.ts';

const maxLevels = 15;

/**
 * What PutParameter takes as a name.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html#systemsmanager-PutParameter-request-Name
 *
 * @throws ServiceError in SSM's words
 */
export function checkParameterName(name: string): void {
  const path = name.replace(/^\//, '').toLowerCase();
  if (path.startsWith('aws')) {
    throw new ServiceError(
      400,
      'AccessDeniedException',
      `No access to reserved parameter name: ${name.replace(/^\//, '')}.`,
    );
  }
  if (path.startsWith('ssm') || !/^[a-zA-Z0-9_.\-/]+$/.test(name) || /\/\/|\/$/.test(name)) {
    throw invalid(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  }
  if (name.includes('/') && !name.startsWith('/')) {
    throw invalid('Parameter name must be a fully qualified name.');
  }
  if (name.split('/').length - 1 > maxLevels) {
    throw new ServiceError(
      400,
      'HierarchyLevelLimitExceededException',
      `The hierarchy can have a maximum of ${maxLevels} levels.`,
    );
  }
}

/** `/images/debian:3`: the name, or ARN, and the version that is asked for. */
export function parseSelector(given: string): { readonly name: string; readonly version?: number } {
  const [, name, version] = /^((?:arn:[^:]*:ssm:[^:]*:\d*:)?[^:]*)(?::(\d+))?$/.exec(given) ?? [];
  if (name === undefined) return { name: given };
  return version === undefined ? { name } : { name, version: Number(version) };
}

function invalid(message: string): ServiceError {
  return new ServiceError(400, 'ValidationException', message);
}
