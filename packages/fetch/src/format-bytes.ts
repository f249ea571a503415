const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** In binary units, to three digits: `999 bytes`, `7.5 MiB`, `63 MiB`, `1008 MiB`. */
export function formatBytes(count: number): string {
  const unit = Math.min(units.length, Math.floor(Math.log2(Math.max(1, count)) / 10)) - 1;
  if (unit < 0) return formatExactBytes(count);
  return `${Number(toThreeDigits(count / 1024 ** (unit + 1)))} ${units[unit]}`;
}

/** `1,234,567 bytes`, where a difference of one byte matters. */
export function formatExactBytes(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'byte' : 'bytes'}`;
}

function toThreeDigits(figure: number): string {
  return figure >= 100 ? figure.toFixed(0) : figure.toPrecision(3);
}
