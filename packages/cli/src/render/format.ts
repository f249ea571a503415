import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';

export function formatBytes(bytes: number): string {
  return prettyBytes(bytes, { binary: true, maximumFractionDigits: bytes < 1024 ** 3 ? 0 : 1 });
}

export function formatSeconds(seconds: number): string {
  return prettyMilliseconds(Math.max(0, seconds) * 1000, {
    secondsDecimalDigits: seconds < 10 ? 1 : 0,
    unitCount: seconds < 60 ? undefined : 2,
  });
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}
