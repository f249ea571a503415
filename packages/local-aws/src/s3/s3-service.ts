import { createHash } from 'node:crypto';
import type { Call, Service, ServiceError, ServiceRequest, ServiceResponse } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';
import { notImplemented, s3Error } from './errors.ts';
import { operations } from './operations.ts';
import { operationOf, subresource } from './route.ts';
import { createS3Call, headerOf } from './s3-call.ts';
import { createTables } from './schema.ts';
import { spoilStored } from './spoil-stored.ts';
import { parseTarget, type Target } from './target.ts';
import { renderErrorDocument } from './xml.ts';

export function createS3Service(context: ServiceContext): Service {
  createTables(context.store);
  // What a killed process had let go but not unlinked yet.
  context.store.blobs.purge();
  return {
    name: 's3',
    understand: async (request) => understand(request, context),
    renderError,
  };
}

function understand(request: ServiceRequest, context: ServiceContext): Call {
  const { method, path, query, headers } = request;
  const target = parseTarget({ host: headers.host ?? '', path });
  const operation = operationOf({ method, target, query, headers });
  const run = operation && operations[operation];
  if (!operation || !run) {
    const name = subresource(query);
    throw notImplemented(`S3's ${method} of ${what(target)}${name && ` ?${name}`}`);
  }
  refuseUnknownRegion(request);
  const parameters = readParameters(request, target);
  const call = createS3Call({ context, request, operation, target, parameters });
  return {
    operation,
    parameters,
    async run() {
      await spoilStored(call);
      return stamped(await run(call), request);
    },
  };
}

/** Some clients sign for a region that isn't one (`US`) until they are told the right one. */
function refuseUnknownRegion({ region }: ServiceRequest): void {
  if (/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region)) return;
  throw s3Error('AuthorizationHeaderMalformed', {
    message: `The authorization header is malformed; the region '${region}' is wrong; expecting 'us-east-1'`,
    details: { Region: 'us-east-1' },
  });
}

function what({ bucket, key }: Target): string {
  return key !== undefined ? 'an object' : bucket !== undefined ? 'a bucket' : 'the service';
}

const shownQuery = ['uploadId', 'partNumber', 'versionId', 'prefix', 'delimiter'];
const shownHeaders: Readonly<Record<string, string>> = {
  'x-amz-copy-source': 'copySource',
  'if-match': 'ifMatch',
  'if-none-match': 'ifNoneMatch',
  range: 'range',
};

/** For the log and for faults to match on. */
function readParameters({ query, headers }: ServiceRequest, { bucket, key }: Target): Record<string, string> {
  const parameters: Record<string, string> = {};
  if (bucket !== undefined) parameters.bucket = bucket;
  if (key !== undefined) parameters.key = key;
  for (const name of shownQuery) {
    const value = query.get(name);
    if (value) parameters[name] = value;
  }
  for (const [header, name] of Object.entries(shownHeaders)) {
    const value = headerOf(headers, header);
    if (value !== undefined) parameters[name] = value;
  }
  return parameters;
}

function stamped(response: ServiceResponse, request: ServiceRequest): ServiceResponse {
  return { ...response, headers: { ...response.headers, ...identity(request) } };
}

function identity({ id }: ServiceRequest): Record<string, string> {
  return { 'x-amz-request-id': id, 'x-amz-id-2': hostId(id), server: 'AmazonS3' };
}

function hostId(requestId: string): string {
  return createHash('sha384').update(requestId).digest('base64');
}

function renderError(error: ServiceError, request: ServiceRequest): ServiceResponse {
  return stamped(
    {
      status: error.status,
      headers: { 'content-type': 'application/xml', ...error.headers },
      body: renderErrorDocument({
        Code: error.code,
        Message: error.message,
        ...error.details,
        RequestId: request.id,
        HostId: hostId(request.id),
      }),
    },
    request,
  );
}
