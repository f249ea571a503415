import type { ChainLink } from '../outcome.ts';
import type { IdentifiedRun, ImportJob, Known } from './run.ts';

/** Records what was just shown. A link that is shown again, of another attempt, takes the place of the one before. */
export function showLink(
  { cloud, known }: Pick<ImportJob, 'cloud'> & { readonly known: Known },
  link: Omit<ChainLink, 'at'>,
): void {
  const chain = known.chain ?? [];
  known.chain = chain;
  const before = chain.findIndex(({ from, to }) => from === link.from && to === link.to);
  if (before >= 0) chain.splice(before, 1);
  chain.push({ ...link, at: new Date(cloud.connection.clock.now()).toISOString() });
}

/** The image's bytes were hashed as they came, and have the digest. */
export function recordChecksum(run: IdentifiedRun, bytes?: number): void {
  const { steps, digest } = run;
  steps.record('checksum', { bytes });
  showLink(run, {
    from: 'digest',
    to: 'image',
    shownBy:
      bytes === undefined ? 'computed over the image' : `computed over the ${bytes} bytes of the image`,
    value: digest,
  });
}
