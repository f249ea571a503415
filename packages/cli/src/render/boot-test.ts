import type { BootedTarget } from '../boot-test/boot-target.ts';

/** The console's end is there to find out why. */
export function renderBootTest({
  imageId,
  booted,
  reason,
  console,
  instanceType,
}: Pick<BootedTarget, 'imageId' | 'booted' | 'reason' | 'console' | 'instanceType'>): string {
  if (booted) return `${imageId} boots on ${instanceType}: ${reason}`;
  return [
    `${imageId} does not boot on ${instanceType}: ${reason}`,
    ...(console.length > 0
      ? ['The end of its console:', ...console.map((line) => `  ${line}`)]
      : ['Its console has no output.']),
  ].join('\n');
}
