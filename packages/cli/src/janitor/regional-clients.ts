import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { RegionalClients } from '@ec2-image/janitor';
import { type ConnectionOptions, clientSettings, createClients, observeCalls } from '../aws/clients.ts';

/** The clients of every region, made when they are first asked for. */
export function regionalClients(connection: ConnectionOptions): RegionalClients {
  const inRegion = perRegion((region) => createClients({ ...connection, region }));
  const observed = <C extends AutoScalingClient | SSMClient>(client: C): C => {
    observeCalls(client, connection);
    return client;
  };
  return {
    s3: (region) => inRegion(region).s3,
    ec2: (region) => inRegion(region).ec2,
    autoScaling: perRegion((region) =>
      observed(new AutoScalingClient(clientSettings({ ...connection, region }))),
    ),
    ssm: perRegion((region) => observed(new SSMClient(clientSettings({ ...connection, region })))),
  };
}

function perRegion<C>(make: (region: string) => C): (region: string) => C {
  const made = new Map<string, C>();
  return (region) => {
    const client = made.get(region) ?? make(region);
    made.set(region, client);
    return client;
  };
}
