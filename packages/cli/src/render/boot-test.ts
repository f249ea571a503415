import type { BootedTarget } from '../boot-test/boot-target.ts';
import type { ReportedBootTest } from '../outcome.ts';

export function renderBootTest({ imageId, ...bootTest }: BootedTarget): string {
  return `${imageId} ${renderBooted(bootTest)}`;
}

/** A predicate. The console's end is there to find out why. */
export function renderBooted({ booted, reason, instanceType, console = [] }: ReportedBootTest): string {
  const where = instanceType === undefined ? '' : ` on ${instanceType}`;
  if (booted) return `boots${where}: ${reason}`;
  return [
    `does not boot${where}: ${reason}`,
    ...(console.length > 0
      ? ['The end of its console:', ...console.map((line) => `  ${line}`)]
      : instanceType === undefined
        ? []
        : ['Its console has no output.']),
  ].join('\n');
}
