import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';

/** In binary units, to three digits: `7.5 MiB`, `63 MiB`, `1008 MiB`. */
export function formatBytes(bytes: number): string {
  return prettyBytes(bytes, { binary: true });
}

/** Both in the unit of the total, and what is done rounded down: `0.98/1.00 GiB`. */
export function formatPortion({ done, total }: { readonly done: number; readonly total: number }): string {
  const [figure, unit] = formatBytes(total).split(' ') as [string, string];
  const decimals = unit === 'B' || Number(figure) >= 100 ? 0 : Number(figure) >= 10 ? 1 : 2;
  const scale = 10 ** decimals;
  const part = total > 0 ? Math.floor((done / total) * Number(figure) * scale) / scale : 0;
  return `${part.toFixed(decimals)}/${Number(figure).toFixed(decimals)} ${unit}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** Rounded down, so that 100% is said of nothing that is not done. */
export function formatPercent({ done, total }: { readonly done: number; readonly total: number }): string {
  return `${total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : 100}%`;
}

/** Tenths below ten seconds, then two units at most: `0.4s`, `42s`, `3m 5s`, `2h 10m`. */
export function formatSeconds(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10) / 10;
  if (tenths < 10) return `${tenths}s`;
  return prettyMilliseconds(Math.round(seconds) * 1000, { unitCount: 2 });
}

/** Whole seconds, for what is redrawn all the time. */
export function formatElapsed(seconds: number): string {
  return formatSeconds(Math.floor(seconds));
}

/** To the hour from a day on, to the minute from an hour on. */
export function formatAge(seconds: number): string {
  const unit = seconds >= 86_400 ? 3600 : seconds >= 3600 ? 60 : 1;
  return formatSeconds(Math.floor(seconds / unit) * unit);
}
