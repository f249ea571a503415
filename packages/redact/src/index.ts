export { redactText, redactUrl } from './redact-url.ts';
