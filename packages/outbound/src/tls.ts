/**
 * The certificate errors that Node reports (https://nodejs.org/api/tls.html#x509-certificate-error-codes), by their
 * prefixes, and Node's own host name check.
 */
const untrusted =
  /^(?:CERT_|CRL_|DEPTH_ZERO_|ERROR_IN_CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|SELF_SIGNED_|UNABLE_TO_)/;

/** A handshake that ended without a connection for another reason: no TLS on the other side, no version in common. */
const broken = /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/;

/** Nobody that is trusted vouches for the certificate, or it is another host's. */
export function isUntrusted(error: unknown): boolean {
  return untrusted.test(codeOf(error));
}

/** The two sides do not speak TLS with each other, whatever the certificate. */
export function isBrokenTls(error: unknown): boolean {
  return broken.test(codeOf(error)) && !isUntrusted(error);
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? '');
}
