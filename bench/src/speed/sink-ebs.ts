import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { createUndiciHandler } from '@ec2-image/ebs-direct';
import { sinkSettings } from './sink-settings.ts';

/** Clients as the command makes them for `--via ebs`, or as the SDK makes them by itself. */
export function sinkEbs(url: string, { stock = false } = {}) {
  const ec2 = new EC2Client(sinkSettings(url));
  if (stock) return { ebs: new EBSClient(sinkSettings(url)), ec2 };
  const ebs = new EBSClient({
    ...sinkSettings(url),
    maxAttempts: 1,
    requestHandler: createUndiciHandler({ connections: 40, requestTimeoutMs: 60_000 }),
  });
  return { ebs, ec2 };
}
