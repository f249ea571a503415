/** Whether a server sent a web page where a file was asked for: an error, a login, or a page about the file. */
export function looksLikeHtml(head: Buffer): boolean {
  const text = head.subarray(0, 1024).toString('utf8');
  return /^\ufeff?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body)\b/i.test(text);
}
