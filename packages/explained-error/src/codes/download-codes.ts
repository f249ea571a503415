import type { CodeTable } from './code-entry.ts';

/** Downloads and checksums. */
export const downloadCodes = {
  BAD_URL: {
    means: 'The URL cannot be used.',
    remedy: 'Use an http or https URL, or the path of a local file.',
  },
  BODY_TOO_LONG: {
    means: 'The server sent more bytes than it announced.',
    remedy: 'The server or a proxy is broken: use another mirror.',
  },
  BODY_TRUNCATED: {
    means: 'The download ended before all its bytes had arrived.',
    remedy: 'Run the same command again, or use another mirror.',
  },
  CHECKSUM_CONFLICT: {
    means: 'The checksum file gives different digests for the same file.',
    remedy: 'Find out which one is right, and give it with --sha256 or --sha512.',
  },
  CHECKSUM_ENTRY_MISSING: {
    means: 'The checksum file has no entry for the image.',
    remedy: 'Use the checksum file that belongs to the image, or give the digest with --sha256 or --sha512.',
  },
  CHECKSUM_FILE_MISSING: {
    means: 'The directory that holds the newest image holds no checksum file for it.',
    remedy: 'Name it with --checksum-url, in which a * stands for any characters as in --latest-url.',
  },
  CHECKSUM_IS_HTML: {
    means: 'The checksum URL leads to a web page.',
    remedy: 'Use the direct link of the checksum file ("raw" or "download").',
  },
  CHECKSUM_SIGNATURE_MALFORMED: {
    means: 'The checksum file is clear-signed, and its signature armor is damaged or was tampered with.',
    remedy:
      'Do not use it. Get the digest from the publisher in another way, and give it with --sha256 or --sha512.',
  },
  CHECKSUM_TOO_LARGE: {
    means: 'The checksum file is too large to be one.',
    remedy: 'Check the checksum URL: it may be that of the image.',
  },
  CHECKSUM_UNREADABLE: {
    means: 'The checksum file holds no checksum in a supported form.',
    remedy: 'Supported: sha256sum/sha512sum lines, BSD lines, or a bare digest.',
  },
  CONNECTION_FAILED: {
    means: 'The server could not be reached.',
    remedy:
      'Check the network and the proxy settings (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), or use another mirror.',
  },
  DIGEST_MISMATCH: {
    means: 'The file has another digest than the published one, after it was downloaded twice.',
    remedy: "Compare the image's URL with the checksum file's, or use another mirror.",
  },
  DOWNLOAD_STALLED: {
    means: 'The server stopped sending.',
    remedy: 'Run the same command again later, or use another mirror.',
  },
  EVERY_URL_FAILED: {
    means: 'None of the mirrors worked. The message has the reason for each.',
    remedy: 'Check the URLs and the network, or add another mirror.',
  },
  FILE_CHANGED: {
    means: 'The file on the server changed during the download.',
    remedy: 'Run the same command again: the publisher was replacing it, perhaps with its checksum.',
  },
  HOST_NOT_FOUND: {
    means: 'The host name cannot be resolved.',
    remedy: 'Check the spelling of the URL and the DNS of this machine.',
  },
  HTTP_FORBIDDEN: {
    means: 'The server denied access to the file.',
    remedy: 'Check that the URL is right, has not expired, and carries the credentials it needs.',
  },
  HTTP_NOT_FOUND: {
    means: 'The server does not have the file.',
    remedy: 'Check the URL: publishers move images when they release newer ones.',
  },
  HTTP_STATUS: {
    means: 'The server answered with an error.',
    remedy: 'Run the same command again later, or use another mirror.',
  },
  IMAGE_TOO_LARGE: {
    means: 'The file is larger than any image that EC2 takes.',
    remedy: 'Check the URL.',
  },
  INDEX_TOO_LARGE: {
    means: 'The listing in which an image is looked for is too large.',
    remedy: 'Check the URL, or name a directory further down.',
  },
  INDEX_UNREADABLE: {
    means: "The publisher's index, or the listing of a directory, is none that can be read.",
    remedy: 'Check the URL of the index, or give the image itself with --url and --checksum-url.',
  },
  INSECURE_CHECKSUM: {
    means: 'The checksum would come over plain http, where anybody on the way can change it.',
    remedy: 'Use an https URL, or allow it with --allow-insecure-checksum.',
  },
  INSECURE_INDEX: {
    means:
      'The listing in which an image is looked for comes over plain http. Whoever changes it on the way chooses an old image.',
    remedy: 'Use https, or --allow-insecure-checksum if nobody on the network path can change it.',
  },
  LATEST_AMBIGUOUS: {
    means: 'Several files match, and their names do not tell which is the newest.',
    remedy: 'Narrow the pattern, or give --arch or --variant.',
  },
  LOCAL_FILE_UNREADABLE: {
    means: 'The local file cannot be read.',
    remedy: 'Check that the path names a regular file that you can read.',
  },
  NO_SUCH_RELEASE: {
    means:
      'The publisher has no image of this release, variant and architecture, or no file matches the pattern.',
    remedy: 'Check the release, --variant and --arch, or the pattern.',
  },
  RANGE_UNUSABLE: {
    means:
      'The server does not serve the end of the file alone, so that the file cannot be read without all of it.',
    remedy: 'Download the whole file, or use another mirror.',
  },
  REDIRECT_REFUSED: {
    means: 'The server redirects to where a download may not go.',
    remedy: 'Use the direct download URL.',
  },
} as const satisfies CodeTable;
