import { isExplained } from '@ec2-image/explained-error';
import { CliError } from '../errors/cli-error.ts';
import type { ImageRun } from './run.ts';
import { FailedProof, isWrongContent } from './snapshot-proof.ts';
import { verifyImported } from './verify-snapshot.ts';

/**
 * Proves a snapshot of which nothing else is there by reading it, all of it, and the image.
 *
 * @throws FailedProof where it is another, and where it cannot be read
 */
export async function proveSnapshot(run: ImageRun, snapshotId: string): Promise<void> {
  try {
    await run.limits.proofs(() => run.steps.take('prove', () => verifyImported(run, snapshotId)));
  } catch (error) {
    if (run.signal.aborted || !isExplained(error)) throw error;
    const isUnreadable = unreadableCodes.has(error.code);
    if (isWrongContent(error)) throw new FailedProof(error, { snapshotId });
    if (!isUnreadable) throw error;
    throw new FailedProof(unproven(run, snapshotId, error), { isWrong: false, snapshotId });
  }
}

/** Whoever answers these does so each time. */
const unreadableCodes: ReadonlySet<string> = new Set(['ACCESS_DENIED', 'AWS_REFUSED', 'SNAPSHOT_UNREADABLE']);

function unproven({ request }: ImageRun, snapshotId: string, cause: Error): CliError {
  return new CliError(
    'SNAPSHOT_UNPROVEN',
    `${snapshotId} has no proof of what is in it, and cannot be read: ${cause.message}`,
    {
      hint: `Allow ebs:ListSnapshotBlocks and ebs:GetSnapshotBlock (see \`ec2-image iam-policy verify\`), or use it as it is with --proof none instead of ${request.proof}.`,
      cause,
      facts: { snapshotId },
    },
  );
}
