import { ServiceError } from '../service.ts';
import { validation } from './errors.ts';

interface TextConstraint {
  readonly type: 'string';
  readonly min?: number;
  readonly max: number;
  readonly pattern: RegExp;
  readonly reason?: string;
}

interface NumberConstraint {
  readonly type: 'number';
  readonly min: number;
  readonly max?: number;
  readonly reason?: string;
}

/** The traits `length`, `range` and `pattern` of EBS direct's API model, 2019-11-02; the reason is `INVALID_PARAMETER_VALUE` elsewhere. */
const constraints = {
  VolumeSize: { type: 'number', min: 1, max: 65_536, reason: 'INVALID_VOLUME_SIZE' },
  ParentSnapshotId: {
    type: 'string',
    min: 1,
    max: 64,
    pattern: /^snap-[0-9a-f]+$/,
    reason: 'INVALID_SNAPSHOT_ID',
  },
  Description: { type: 'string', max: 255, pattern: /^[\S\s]+$/ },
  ClientToken: { type: 'string', max: 255, pattern: /^\S+$/ },
  KmsKeyArn: { type: 'string', min: 1, max: 2048, pattern: /^arn:aws[a-z-]*:kms:.*:[0-9]{12}:key\/.*$/ },
  Timeout: { type: 'number', min: 10, max: 4320 },
  TagKey: { type: 'string', max: 127, pattern: /^[\S\s]+$/, reason: 'INVALID_TAG' },
  TagValue: { type: 'string', max: 255, pattern: /^[\S\s]*$/, reason: 'INVALID_TAG' },
  BlockIndex: { type: 'number', min: 0, reason: 'INVALID_BLOCK' },
  Progress: { type: 'number', min: 0, max: 100 },
  ChangedBlocksCount: { type: 'number', min: 0 },
  Checksum: { type: 'string', max: 64, pattern: /^[A-Za-z0-9+/=]+$/ },
} as const satisfies Record<string, TextConstraint | NumberConstraint>;

export type Constrained = keyof typeof constraints;

/**
 * A member that is not there passes.
 *
 * @throws ServiceError `SerializationException` for another type, `ValidationException` for a value out of bounds
 */
export function checkConstraint(name: Constrained, value: unknown): void {
  if (value === undefined || value === null) return;
  const constraint: TextConstraint | NumberConstraint = constraints[name];
  if (typeof value !== constraint.type) {
    throw new ServiceError(400, 'SerializationException', `${name} must be a ${constraint.type}`);
  }
  const wrong =
    constraint.type === 'string'
      ? wrongText(value as string, constraint)
      : wrongNumber(value as number, constraint);
  if (wrong === undefined) return;
  throw validation(
    constraint.reason ?? 'INVALID_PARAMETER_VALUE',
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must ${wrong}`,
  );
}

function wrongText(value: string, { min = 0, max, pattern }: TextConstraint): string | undefined {
  const { length } = [...value];
  if (length > max) return `have length less than or equal to ${max}`;
  if (length < min) return `have length greater than or equal to ${min}`;
  return pattern.test(value) ? undefined : `satisfy regular expression pattern: ${pattern.source}`;
}

function wrongNumber(
  value: number,
  { min, max = Number.MAX_SAFE_INTEGER }: NumberConstraint,
): string | undefined {
  if (!Number.isInteger(value)) return 'be a whole number';
  if (value < min) return `have value greater than or equal to ${min}`;
  return value > max ? `have value less than or equal to ${max}` : undefined;
}
