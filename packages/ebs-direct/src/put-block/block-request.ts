import { type EBSClientResolvedConfig, PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import type { HttpRequest } from '@smithy/types';
import { signRequest } from './sign.ts';

/** What PutSnapshotBlock is told of a block. */
export interface PutBlockInput {
  readonly snapshotId: string;
  readonly index: number;
  /** 512 KiB. */
  readonly data: Buffer;
  /** SHA-256 (base64). */
  readonly checksum: string;
}

/** What the requests of one client have in common. */
interface Destination {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly basePath: string;
  readonly region: string;
  readonly userAgent: string;
}

const destinations = new WeakMap<EBSClientResolvedConfig, Promise<Destination>>();

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_PutSnapshotBlock.html */
export async function blockRequest(
  { snapshotId, index, data, checksum }: PutBlockInput,
  config: EBSClientResolvedConfig,
): Promise<HttpRequest> {
  const [credentials, destination] = await Promise.all([config.credentials(), destinationOf(config)]);
  const { protocol, hostname, port, basePath, region, userAgent } = destination;
  const method = 'PUT';
  const path = `${basePath}/snapshots/${encodeURIComponent(snapshotId)}/blocks/${index}`;
  const headers = signRequest(
    {
      method,
      path,
      headers: {
        'content-type': 'application/octet-stream',
        host: port === undefined ? hostname : `${hostname}:${port}`,
        'x-amz-checksum': checksum,
        'x-amz-checksum-algorithm': 'SHA256',
        'x-amz-data-length': String(blockSizeBytes),
      },
    },
    { credentials, region, service: 'ebs', time: Date.now() + config.systemClockOffset },
  );
  return {
    method,
    protocol,
    hostname,
    ...(port !== undefined && { port }),
    path,
    query: {},
    headers: { ...headers, 'content-length': String(data.length), 'user-agent': userAgent },
    body: data,
  };
}

function destinationOf(config: EBSClientResolvedConfig): Promise<Destination> {
  let destination = destinations.get(config);
  if (!destination) {
    destination = findDestination(config);
    destinations.set(config, destination);
    // Looked up again for the next block: what it needs may only be out of reach for a moment.
    destination.catch(() => destinations.delete(config));
  }
  return destination;
}

async function findDestination(config: EBSClientResolvedConfig): Promise<Destination> {
  const [{ url }, region, agent] = await Promise.all([
    getEndpointFromInstructions({}, PutSnapshotBlockCommand, config),
    config.region(),
    config.defaultUserAgentProvider(),
  ]);
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    basePath: url.pathname.replace(/\/$/, ''),
    region,
    userAgent: [...agent, ...(config.customUserAgent ?? [])].map((pair) => pair.join('/')).join(' '),
  };
}
