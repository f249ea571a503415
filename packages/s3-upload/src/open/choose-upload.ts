import type { JournalEntry } from './journal.ts';
import type { ListedParts, OpenUpload } from './open-uploads.ts';

export interface Candidate extends OpenUpload {
  readonly parts: ListedParts;
}

/** `own`: this machine began it. `idle`: whoever began it has let it lie. */
export interface Choice {
  readonly upload: Candidate;
  readonly reason: 'own' | 'idle';
}

/**
 * The open upload to resume; undefined where a new one is needed.
 *
 * Two processes should not put parts into one upload: where their disks differ each would undo the other's. So it must be
 * this machine's own by its journal, or have been idle for so long that a living uploader would have put a part.
 */
export function chooseUpload({
  candidates,
  journal,
  now,
  idleMs,
}: {
  readonly candidates: readonly Candidate[];
  readonly journal: JournalEntry | undefined;
  readonly now: number;
  readonly idleMs: number;
}): Choice | undefined {
  const fitting = candidates.filter(fits);
  const own = fitting.find(({ uploadId }) => uploadId === journal?.uploadId) ?? begun(fitting, journal);
  if (own) return { upload: own, reason: 'own' };
  // A part may be dated a little later than what is known here of AWS's time.
  const idleFor = (candidate: Candidate) => Math.max(0, now - lastActivity(candidate));
  const idle = fitting
    .filter((candidate) => lastActivity(candidate) > 0 && idleFor(candidate) >= idleMs)
    .sort((a, b) => b.parts.size - a.parts.size)[0];
  return idle && { upload: idle, reason: 'idle' };
}

/** Only one that takes CRC32s and a checksum of the full object can end as ours do. A service that says neither is believed. */
function fits({ checksumAlgorithm, checksumType }: Candidate): boolean {
  return (
    (checksumAlgorithm === undefined || checksumAlgorithm === 'CRC32') &&
    (checksumType === undefined || checksumType === 'FULL_OBJECT')
  );
}

/** The journal says that an upload was being created when the process ended: the latest one that nothing was put into. */
function begun(candidates: readonly Candidate[], journal: JournalEntry | undefined): Candidate | undefined {
  if (!journal || journal.uploadId !== undefined) return undefined;
  return candidates
    .filter(({ parts }) => parts.size === 0)
    .sort((a, b) => lastActivity(b) - lastActivity(a))[0];
}

/** In milliseconds since 1970; 0 where the service does not say. */
function lastActivity({ initiated, parts }: Candidate): number {
  return Math.max(
    initiated?.getTime() ?? 0,
    ...[...parts.values()].map(({ lastModified }) => lastModified?.getTime() ?? 0),
  );
}
