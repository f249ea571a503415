import { ServiceError } from '../service.ts';
import type { Constraint } from '../validation/api-model.ts';
import { findViolations } from '../validation/find-violations.ts';
import { ebsModel } from '../validation/models/ebs.ts';
import { validation } from './errors.ts';

const start = ebsModel.StartSnapshot!.members!;
const put = ebsModel.PutSnapshotBlock!.members!;
const complete = ebsModel.CompleteSnapshot!.members!;
const tag = start.Tags!.member!.members!;

/** By the API model; the reason is `INVALID_PARAMETER_VALUE` where none is given. */
const constraints = {
  // The model says nothing of the most; the page of StartSnapshot does.
  VolumeSize: { ...start.VolumeSize!, max: 65_536, reason: 'INVALID_VOLUME_SIZE' },
  ParentSnapshotId: { ...start.ParentSnapshotId!, reason: 'INVALID_SNAPSHOT_ID' },
  Description: start.Description!,
  ClientToken: start.ClientToken!,
  KmsKeyArn: start.KmsKeyArn!,
  Timeout: start.Timeout!,
  TagKey: { ...tag.Key!, reason: 'INVALID_TAG' },
  TagValue: { ...tag.Value!, reason: 'INVALID_TAG' },
  BlockIndex: { ...put.BlockIndex!, reason: 'INVALID_BLOCK' },
  Progress: put.Progress!,
  ChangedBlocksCount: complete.ChangedBlocksCount!,
  Checksum: put.Checksum!,
} as const satisfies Readonly<Record<string, Constraint & { readonly reason?: string }>>;

export type Constrained = keyof typeof constraints;

/**
 * A member that is not there passes.
 *
 * @throws ServiceError `SerializationException` for another type, `ValidationException` for a value out of bounds
 */
export function checkConstraint(name: Constrained, value: unknown): void {
  if (value === undefined || value === null) return;
  const constraint: Constraint & { readonly reason?: string } = constraints[name];
  const type = constraint.type === 'integer' ? 'number' : constraint.type;
  if (typeof value !== type) {
    throw new ServiceError(400, 'SerializationException', `${name} must be a ${type}`);
  }
  const violations =
    typeof value === 'number' && !Number.isInteger(value)
      ? [`Value '${value}' at '${name}' failed to satisfy constraint: Member must be a whole number`]
      : findViolations(constraint, value, name);
  if (violations.length === 0) return;
  throw validation(
    constraint.reason ?? 'INVALID_PARAMETER_VALUE',
    `1 validation error detected: ${violations[0]}`,
  );
}
