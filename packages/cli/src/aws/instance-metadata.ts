import { once } from 'node:events';
import { request } from 'node:http';
import type { Environment } from './shared-config.ts';

/** As long as the SDK waits, and once. */
const patienceMs = 1000;

/**
 * Whether this is an instance whose role is out of reach from here: the metadata service takes a connection, and the answer
 * with the token never arrives, since its packets may not make the further hop into a container.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
 */
export async function isInstanceRoleOutOfReach(env: Environment): Promise<boolean> {
  const { AWS_EC2_METADATA_DISABLED: disabled, AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint } = env;
  if (disabled?.toLowerCase() === 'true') return false;
  let isConnected = false;
  const asked = request(new URL('/latest/api/token', endpoint || 'http://169.254.169.254'), {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
    agent: false,
  });
  asked.on('socket', (socket) =>
    socket.once('connect', () => {
      isConnected = true;
    }),
  );
  try {
    await once(asked.end(), 'response', { signal: AbortSignal.timeout(patienceMs) });
    return false;
  } catch (error) {
    return isConnected && (error as Error).name === 'AbortError';
  } finally {
    asked.on('error', () => {}).destroy();
  }
}
