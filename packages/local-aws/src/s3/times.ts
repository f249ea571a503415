/** S3 keeps its times in whole seconds, and its lists show them so: `2009-10-12T17:50:30.000Z`. */
export function isoSeconds(milliseconds: number): string {
  return new Date(wholeSeconds(milliseconds)).toISOString();
}

/** The form of HTTP headers: `Mon, 12 Oct 2009 17:50:30 GMT`. */
export function httpDate(milliseconds: number): string {
  return new Date(wholeSeconds(milliseconds)).toUTCString();
}

export function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
