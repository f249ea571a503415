import { json } from 'node:stream/consumers';
import { asSeenBy } from '../ec2/lagging-resources.ts';
import { openResources } from '../ec2/resources.ts';
import { defaultSettings, type Ec2Settings } from '../ec2/settings.ts';
import { snapshotFiles } from '../ec2/snapshot-files.ts';
import { createEc2Tables } from '../ec2/tables.ts';
import type { FaultTarget } from '../faults/faults.ts';
import { isMutating } from '../is-mutating.ts';
import { type Call, type Service, ServiceError, type ServiceRequest } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';
import { openBlockFiles } from './block-files.ts';
import { completeSnapshot } from './complete-snapshot.ts';
import { type EbsContext, type EbsOperation, jsonAnswer } from './ebs-context.ts';
import { validation } from './errors.ts';
import { putSnapshotBlock } from './put-snapshot-block.ts';
import { createPutsInFlight } from './puts-in-flight.ts';
import { getSnapshotBlock, listChangedBlocks, listSnapshotBlocks } from './read-blocks.ts';
import { type StartSnapshotInput, startSnapshot } from './start-snapshot.ts';

interface Route {
  readonly operation: string;
  readonly method: string;
  readonly path: RegExp;
  readonly run: EbsOperation;
}

const routes: readonly Route[] = [
  route('PutSnapshotBlock', 'PUT', /^\/snapshots\/([^/]+)\/blocks\/(\d+)$/, putSnapshotBlock),
  route('GetSnapshotBlock', 'GET', /^\/snapshots\/([^/]+)\/blocks\/(\d+)$/, getSnapshotBlock),
  route('CompleteSnapshot', 'POST', /^\/snapshots\/completion\/([^/]+)$/, completeSnapshot),
  route('ListSnapshotBlocks', 'GET', /^\/snapshots\/([^/]+)\/blocks$/, listSnapshotBlocks),
  route('ListChangedBlocks', 'GET', /^\/snapshots\/([^/]+)\/changedblocks$/, listChangedBlocks),
];

function route(operation: string, method: string, path: RegExp, run: EbsOperation): Route {
  return { operation, method, path, run };
}

const startOperation = 'StartSnapshot';

/** The EBS direct APIs, on the same snapshots that EC2 describes. https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export function ebsService({
  context: { store, faults, permissions, conditions: account, now },
  settings,
}: {
  context: ServiceContext;
  settings?: Partial<Ec2Settings>;
}): Service {
  createEc2Tables(store);
  const blockFiles = openBlockFiles(snapshotFiles(store.directory));
  const puts = createPutsInFlight();

  function contextOf(request: ServiceRequest, call: FaultTarget): EbsContext {
    const { accountId, region, conditions } = request;
    const unseenMs = isMutating(call.operation) ? (faults.take('unseen', call)?.ms ?? 0) : 0;
    const resources = openResources({ store, accountId, region, now, unseenMs });
    return {
      request,
      // Asked for where there is a key: who the caller is would be looked up for every block.
      get permissions() {
        return permissions.of(request);
      },
      store,
      // A snapshot just started is not found; whatever else there is of it EBS knows itself.
      resources: asSeenBy(resources, { conditions, accountId, region, isRead: false }),
      account,
      blockFiles,
      puts,
      settings: { ...defaultSettings, ...settings },
      faults,
      call,
      now,
    };
  }

  return {
    name: 'ebs',
    async understand(request): Promise<Call> {
      const { method, path } = request;
      if (method === 'POST' && path === '/snapshots') return understandStart(request);
      for (const { operation, run, ...candidate } of routes) {
        const match = candidate.method === method ? candidate.path.exec(path) : null;
        if (!match) continue;
        const [, snapshotId = '', blockIndex] = match.map((part) => decodeURIComponent(part ?? ''));
        const parameters: Record<string, string> = { SnapshotId: snapshotId };
        if (blockIndex) parameters.BlockIndex = blockIndex;
        const call = { service: 'ebs', operation, parameters } as const;
        return {
          operation,
          parameters,
          run: () => run({ snapshotId, blockIndex: Number(blockIndex) }, contextOf(request, call)),
        };
      }
      throw new ServiceError(
        501,
        'UnknownOperationException',
        `local-aws does not have EBS's ${method} ${path}`,
      );
    },
    renderError({ status, code, message, headers, details }, request) {
      const answer = jsonAnswer(status, { Message: message, ...details }, request);
      return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': code, ...headers } };
    },
    close: () => blockFiles.close(),
  };

  async function understandStart(request: ServiceRequest): Promise<Call> {
    const input = (await json(request.body).catch(() => undefined)) as StartSnapshotInput | undefined;
    if (typeof input !== 'object' || input === null) {
      throw validation('INVALID_PARAMETER_VALUE', 'The request is not a JSON object');
    }
    const parameters = shown(input);
    const call = { service: 'ebs', operation: startOperation, parameters } as const;
    return {
      operation: startOperation,
      parameters,
      run: () => startSnapshot(input, contextOf(request, call)),
    };
  }
}

function shown({ KmsKeyArn: _, ...input }: StartSnapshotInput): Record<string, string> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
