/** How much of an image was read to prove a snapshot, from nothing to all of it. */
export const proofExtents = ['none', 'sample', 'full'] as const;
export type ProofExtent = (typeof proofExtents)[number];

/** Whether what was proven is as much as is asked for: without a tag, nothing was. */
export function isSufficientProof(found: ProofExtent | undefined, wanted: ProofExtent): boolean {
  return proofExtents.indexOf(found ?? 'none') >= proofExtents.indexOf(wanted);
}
