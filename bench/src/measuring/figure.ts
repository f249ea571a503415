import { median, type Samples } from './measure.ts';

/** One line of the results. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** What the value should reach; undefined where nothing was set. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
  readonly unit?: string;
  /** How it came about: medians, sizes. */
  readonly from: string;
}

export function isReached({ value, target }: Figure): boolean | undefined {
  if (!target) return undefined;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}

/** `ours 1.20 s (1.18–1.31), curl 2.40 s (…)`. */
export function describe(samples: Samples<string>): string {
  return Object.entries(samples)
    .map(
      ([name, values]) =>
        `${name} ${median(values).toFixed(2)} s (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`,
    )
    .join(', ');
}
