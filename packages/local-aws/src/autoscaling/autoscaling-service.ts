import { queryService } from '../query/query-service.ts';
import type { Service } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';
import { autoscalingModel } from '../validation/models/autoscaling.ts';
import type { AutoScalingContext } from './autoscaling-context.ts';
import {
  createAutoScalingGroup,
  deleteAutoScalingGroup,
  describeAutoScalingGroups,
  groupTables,
} from './groups.ts';
import {
  createLaunchConfiguration,
  deleteLaunchConfiguration,
  describeLaunchConfigurations,
  launchConfigurationTables,
} from './launch-configurations.ts';

/** Groups and launch configurations, which refer to AMIs and do nothing else here. */
export function autoScalingService({ store, now }: ServiceContext): Service {
  store.migrate('autoscaling', [...launchConfigurationTables, ...groupTables]);
  return queryService<AutoScalingContext>({
    name: 'autoscaling',
    namespace: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
    operations: {
      CreateAutoScalingGroup: createAutoScalingGroup,
      CreateLaunchConfiguration: createLaunchConfiguration,
      DeleteAutoScalingGroup: deleteAutoScalingGroup,
      DeleteLaunchConfiguration: deleteLaunchConfiguration,
      DescribeAutoScalingGroups: describeAutoScalingGroups,
      DescribeLaunchConfigurations: describeLaunchConfigurations,
    },
    model: autoscalingModel,
    contextOf: ({ accountId, region, conditions }) => ({ accountId, region, store, now, conditions }),
  });
}
