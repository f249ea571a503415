export { printable } from './printable.ts';
export { redactText, redactUrl } from './redact-url.ts';
export { redactValue } from './redact-value.ts';
