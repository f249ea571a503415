import type { ServiceName } from '../service.ts';
import type { Authorization } from './authorization.ts';
import { refusal } from './refusal.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
const maxSkewMs = 15 * 60_000;

/**
 * Refuses what was signed too long ago or ahead of the service's own time, whoever signed it. A presigned URL may be
 * as old as it says.
 *
 * @throws ServiceError in the service's words
 */
export function refuseSkewed(
  { timestamp, date, expiresSeconds }: Authorization,
  { service, now }: { service: ServiceName; now: number },
): void {
  const signedAt = Date.parse(
    timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  if (Number.isNaN(signedAt) || !timestamp.startsWith(date)) {
    throw refusal('malformed', service, { reason: 'the date of the Credential is not that of the request' });
  }
  const isUrl = expiresSeconds !== undefined;
  const details: Record<string, string> =
    service === 's3' && !isUrl
      ? {
          RequestTime: timestamp,
          ServerTime: new Date(now).toISOString(),
          MaxAllowedSkewMilliseconds: String(maxSkewMs),
        }
      : {};
  if (now > signedAt + (isUrl ? expiresSeconds * 1000 : maxSkewMs)) {
    throw refusal(isUrl ? 'url-expired' : 'signed-early', service, {
      details,
      reason: tellsTimes(service)
        ? `Signature expired: ${timestamp} is now earlier than ${isoBasic(now - maxSkewMs)} (${isoBasic(now)} - 15 min.)`
        : '',
    });
  }
  if (now < signedAt - maxSkewMs) {
    throw refusal(isUrl ? 'url-early' : 'signed-late', service, {
      details,
      reason: tellsTimes(service)
        ? `Signature not yet current: ${timestamp} is still later than ${isoBasic(now + maxSkewMs)} (${isoBasic(now)} + 15 min.)`
        : '',
    });
  }
}

function tellsTimes(service: ServiceName): boolean {
  return service !== 's3' && service !== 'ec2';
}

function isoBasic(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}
