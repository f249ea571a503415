import type { FaultTarget } from '../faults/faults.ts';
import { rolesAsSeenBy } from '../iam/lagging-roles.ts';
import type { Roles } from '../iam/roles.ts';
import { isMutating } from '../is-mutating.ts';
import { readQueryRequest, unknownAction } from '../query/query-request.ts';
import { xmlAnswer } from '../query/query-service.ts';
import { boolean, readFields } from '../query/shape.ts';
import type { Service, ServiceError, ServiceRequest, ServiceResponse } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';
import type { ParameterStore } from '../ssm/parameter-store.ts';
import { dryRunOperation } from './errors.ts';
import { startImportWorker } from './import/import-worker.ts';
import type { ImportObjects } from './import-objects.ts';
import { createMachines } from './instances/machines.ts';
import { asSeenBy } from './lagging-resources.ts';
import type { Ec2Context } from './operation.ts';
import { ec2Operations } from './operations.ts';
import { openResources } from './resources.ts';
import { defaultSettings, type Ec2Settings } from './settings.ts';
import { snapshotFiles, sweepSnapshotFiles } from './snapshot-files.ts';
import { createEc2Tables } from './tables.ts';

export interface Ec2ServiceOptions {
  readonly context: ServiceContext;
  readonly objects: ImportObjects;
  readonly roles: Roles;
  readonly parameterStore: ParameterStore;
  readonly optedIn: ReadonlySet<string>;
  readonly settings?: Partial<Ec2Settings>;
}

const namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html */
export function ec2Service({
  context: { store, faults, conditions: account, permissions, now, onNotice },
  ...options
}: Ec2ServiceOptions): Service {
  createEc2Tables(store);
  const settings = { ...defaultSettings, ...options.settings };
  const files = snapshotFiles(store.directory);
  const swept = sweepSnapshotFiles(store, { files, now });
  const imports = startImportWorker({
    ...options,
    store,
    files,
    settings,
    conditions: account,
    now,
    onNotice,
  });

  const machines = createMachines({ store, now, maxLifeMs: settings.maxInstanceLifeMs, onNotice });

  function contextOf(request: ServiceRequest, call: FaultTarget): Ec2Context {
    const { accountId, region, conditions } = request;
    const unseenMs = isMutating(call.operation) ? (faults.take('unseen', call)?.ms ?? 0) : 0;
    const resources = openResources({ store, accountId, region, now, unseenMs });
    return {
      ...options,
      roles: rolesAsSeenBy(options.roles, { accountId, conditions }),
      accountId,
      region,
      store,
      resources: asSeenBy(resources, { conditions, accountId, region, isRead: !isMutating(call.operation) }),
      snapshotFiles: files,
      settings,
      faults,
      call,
      unseenMs,
      conditions,
      permissions: permissions.of(request),
      account,
      imports,
      machines,
      now,
    };
  }

  return {
    name: 'ec2',
    async understand(request) {
      const { action, parameters, shown } = await readQueryRequest(request);
      const operation = Object.hasOwn(ec2Operations, action) ? ec2Operations[action] : undefined;
      if (!operation) throw unknownAction('ec2', action);
      return {
        operation: action,
        parameters: shown,
        async run() {
          const { DryRun: dryRun, ...input } = readFields(
            { ...operation.fields, DryRun: boolean },
            parameters,
          );
          if (dryRun) throw dryRunOperation();
          const { region } = request;
          const call = { service: 'ec2', region, operation: action, parameters: shown } as const;
          const answer = await operation.run(input, contextOf(request, call));
          return xmlAnswer({
            name: `${action}Response`,
            namespace,
            elements: { requestId: request.id, ...answer },
            requestId: request.id,
          });
        },
      };
    },
    renderError,
    async close() {
      await Promise.all([imports.close(), machines.close()]);
      await swept;
    },
  };
}

function renderError(
  { status, code, message, headers }: ServiceError,
  { id }: ServiceRequest,
): ServiceResponse {
  const answer = xmlAnswer({
    name: 'Response',
    elements: { Errors: { Error: { Code: code, Message: message } }, RequestID: id },
    requestId: id,
  });
  return { ...answer, status, headers: { ...answer.headers, ...headers } };
}
