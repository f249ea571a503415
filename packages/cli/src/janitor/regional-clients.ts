import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { RegionalClients } from '@ec2-image/janitor';
import { clientSettings, createClients } from '../aws/clients.ts';
import type { Connection } from '../aws/connection.ts';
import { observeCalls } from '../aws/observe-calls.ts';

/** The clients of every region, made when they are first asked for. */
export function regionalClients(connection: Connection): RegionalClients {
  const inRegion = perRegion((region) => createClients({ ...connection, region }));
  const observed = <C extends AutoScalingClient | SSMClient>(client: C): C => {
    observeCalls(client, connection);
    return client;
  };
  return {
    s3: (region) => inRegion(region).s3,
    ec2: (region) => inRegion(region).ec2,
    autoScaling: perRegion((region) =>
      observed(new AutoScalingClient(clientSettings({ ...connection, region }, 'Auto Scaling'))),
    ),
    ssm: perRegion((region) => observed(new SSMClient(clientSettings({ ...connection, region }, 'SSM')))),
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
