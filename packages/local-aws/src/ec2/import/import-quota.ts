import { ec2Error } from '../errors.ts';
import { isBelow } from '../is-below.ts';
import type { Ec2Context } from '../operation.ts';
import type { ImportTaskFacts } from './import-task.ts';

/** Tasks that run. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html has the code. */
export function checkTaskCount({ resources, account: { quotas } }: Ec2Context): void {
  const tasks = resources.scan<ImportTaskFacts>('import-snapshot-task');
  if (isBelow(quotas.importTasks, tasks, ({ facts }) => facts.endedAt === undefined)) return;
  throw ec2Error(
    'ResourceCountExceeded',
    `The maximum number of concurrent import tasks (${quotas.importTasks}) has been reached.`,
  );
}
