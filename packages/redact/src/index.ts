export { printable } from './printable.ts';
export { redactText, redactUrl } from './redact-url.ts';
