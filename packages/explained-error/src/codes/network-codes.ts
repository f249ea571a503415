import type { CodeTable } from './code-entry.ts';

/** Proxies and certificates, whoever the connection is for. */
export const networkCodes = {
  BAD_PROXY: {
    means: 'HTTPS_PROXY, HTTP_PROXY or ALL_PROXY does not hold the URL of an http or https proxy.',
    remedy: 'Set the variable that the message names to http://host:port, or unset it.',
  },
  CA_BUNDLE_UNUSABLE: {
    means:
      'The file of certificates that AWS_CA_BUNDLE, ca_bundle or NODE_EXTRA_CA_CERTS names cannot be used.',
    remedy: 'Set it to a file of PEM certificates, or remove it.',
  },
  PROXY_REFUSED: {
    means: 'The proxy does not let a connection through, or asks for a user and password.',
    remedy: 'Put the credentials into the URL of the proxy, or ask whoever runs it to allow the host.',
  },
  PROXY_UNREACHABLE: {
    means: 'The proxy does not answer, or reaches nothing behind it.',
    remedy: 'Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, and add hosts that need no proxy to NO_PROXY.',
  },
  TLS_BROKEN: {
    means: 'The other side does not speak TLS, or no version in common with this machine.',
    remedy: 'Check the URL, and that a proxy is not given as https:// where it speaks http.',
  },
  TLS_UNTRUSTED: {
    means: 'The certificate of the server, or of a proxy, is not trusted.',
    remedy:
      'Check the URL. For a private certificate authority set NODE_EXTRA_CA_CERTS to its file; AWS_CA_BUNDLE holds for calls to AWS alone.',
  },
} as const satisfies CodeTable;
