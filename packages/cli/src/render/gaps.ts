import type { Gap } from '@ec2-image/janitor';
import { printable } from '@ec2-image/redact';

/** A paragraph of what could not be read; none where everything was. */
export function renderGaps(gaps: readonly Gap[], heading = 'Could not be read:'): string[] {
  if (gaps.length === 0) return [];
  return [
    [
      heading,
      ...gaps.map(
        ({ what, ref, bucket, region, detail }) =>
          `  ${what} of ${ref ?? bucket ?? region}: ${printable(detail)}`,
      ),
    ].join('\n'),
  ];
}
