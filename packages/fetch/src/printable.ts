/** Foreign text as it may stand in a message: no control, format or line-breaking characters, and no more than `maxLength` of it. */
export function printable(text: string, maxLength = 120): string {
  const visible = text.slice(0, maxLength).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
  return text.length > maxLength ? `${visible}…` : visible;
}

/** `1,234,567 bytes` */
export function bytes(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'byte' : 'bytes'}`;
}
