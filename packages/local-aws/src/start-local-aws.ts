import { autoScalingService } from './autoscaling/autoscaling-service.ts';
import { type CallRecord, type Calls, createCalls } from './calls.ts';
import { type ConditionsName, openConditions } from './conditions/conditions.ts';
import type { Quotas } from './conditions/quotas.ts';
import { ebsService } from './ebs/ebs-service.ts';
import { type ReadVolumeOptions, readVolume } from './ebs/read-volume.ts';
import { ec2Service } from './ec2/ec2-service.ts';
import { findImageAnywhere, isUsableImage } from './ec2/images/usable-image.ts';
import { s3ImportObjects } from './ec2/import/s3-import-objects.ts';
import { typeOfId } from './ec2/resource-type.ts';
import { openResources } from './ec2/resources.ts';
import type { Ec2Settings } from './ec2/settings.ts';
import { snapshotFiles } from './ec2/snapshot-files.ts';
import { LocalAwsError } from './errors.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import type { FaultRule } from './faults/rules.ts';
import { useThreads } from './hashing/threads.ts';
import { listen } from './http/server.ts';
import { type Account, authorizedService } from './iam/authorization/authorized-service.ts';
import { createPermissions } from './iam/authorization/permissions.ts';
import { iamService } from './iam/iam-service.ts';
import { openRoles, type Roles } from './iam/roles.ts';
import { findKey } from './kms/keys.ts';
import { kmsService } from './kms/kms-service.ts';
import type { KnownCredentials } from './known-credentials.ts';
import { isValidBucketName } from './s3/buckets/bucket-name.ts';
import { bucketPolicyOf } from './s3/buckets/bucket-policy.ts';
import { insertBucket } from './s3/buckets/bucket-table.ts';
import { encryptionHeadersOf } from './s3/multipart/upload-table.ts';
import { createS3Service } from './s3/s3-service.ts';
import type { Service, ServiceName } from './service.ts';
import type { ServiceContext } from './service-context.ts';
import { serviceQuotasService } from './service-quotas/service-quotas-service.ts';
import { createImageValidation } from './ssm/image-validation.ts';
import { openParameterStore } from './ssm/parameter-store.ts';
import { ssmService } from './ssm/ssm-service.ts';
import { ssoService } from './sso/sso-service.ts';
import { openStore, type Store } from './store/store.ts';
import { sessionGrants } from './sts/session-grants.ts';
import { openSessions, type RoleSessions } from './sts/sessions.ts';
import { stsService } from './sts/sts-service.ts';

export interface LocalAwsOptions {
  /** Where all state is kept; made if it is missing. Several emulators may serve one directory at once. */
  readonly directory: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Of callers whose credentials are not among `credentials`. Default `123456789012`. */
  readonly accountId?: string;
  /** Known secrets: their signatures are verified. With any other credentials every signature passes. */
  readonly credentials?: readonly KnownCredentials[];
  /** Access tokens of SSO: with one of them its portal gives the credentials of any role of an account. */
  readonly ssoTokens?: readonly string[];
  /** Beside those of loopback: names by which a proxy or a TLS terminator reaches the emulator, and all below them. */
  readonly hostNames?: readonly string[];
  /** Made at the start, unless they are there. */
  readonly buckets?: readonly (string | NewBucket)[];
  /** Of the regions that an account has to be opted in to, those that it is; any other of them knows nobody. Default none. */
  readonly optInRegions?: readonly string[];
  /** Default `calm`. `adverse`: as difficult as AWS can be within its documentation. */
  readonly conditions?: ConditionsName;
  /** What decides in `adverse` conditions: the same calls in the same order meet the same. Default 1. */
  readonly seed?: number;
  /** Of every account's region; what is not given is AWS's default in `adverse` conditions, and unlimited in `calm` ones. */
  readonly quotas?: Partial<Quotas>;
  /**
   * In calm conditions too, each API has its token bucket, as AWS publishes it; and in either they fill at AWS's own
   * pace. Default false: none in `calm` conditions, and fifty times as fast in `adverse` ones.
   */
  readonly tokenBuckets?: boolean;
  /** Struck from the start; more can be added while it runs. */
  readonly faults?: readonly FaultRule[];
  /** Milliseconds since 1970; default the real time. */
  readonly now?: () => number;
  /** How long EC2's work takes; each has a default. */
  readonly ec2?: Partial<Ec2Settings>;
  /** Wait for the disk at each write, so that a power cut loses nothing. Default false. */
  readonly fsync?: boolean;
  /** Hears of each call as it ends. */
  readonly log?: (record: CallRecord) => void;
  /** Hears of what a person should read, such as a call that the emulator does not know. Default: standard error. */
  readonly onNotice?: (message: string) => void;
}

export interface NewBucket {
  readonly name: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** An account id; default the emulator's own. */
  readonly owner?: string;
}

export interface LocalAws {
  /** The endpoint for every service: `http://127.0.0.1:4566`. */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  readonly calls: Calls;
  readonly conditions: ConditionsName;
  /** Of `adverse` conditions. */
  readonly seed: number;
  /** What an instance would read of a volume made from a snapshot, in blocks of 512 KiB. Throws SNAPSHOT_UNREADABLE. */
  readVolume(options: ReadVolumeOptions): AsyncIterable<Buffer>;
  /** Resets the connections, waits for what is running, and closes the state. Once: further calls wait for the first. */
  close(): Promise<void>;
}

/** The pair of AWS's own documentation, known from the start so that signatures can be tried without any set-up. */
export const exampleCredentials: KnownCredentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** Throws ADDRESS_UNAVAILABLE, BUCKET_NAME_INVALID, FAULT_INVALID, POLICY_INVALID or STATE_UNUSABLE. */
export async function startLocalAws({
  directory,
  port = 0,
  host = '127.0.0.1',
  accountId = '123456789012',
  credentials = [],
  ssoTokens = [],
  hostNames = [],
  buckets = [],
  optInRegions = [],
  conditions: conditionsName = 'calm',
  seed = 1,
  quotas,
  tokenBuckets = false,
  faults: rules = [],
  now = Date.now,
  fsync = false,
  ec2,
  log,
  onNotice = (message) => void process.stderr.write(`local-aws: ${message}\n`),
}: LocalAwsOptions): Promise<LocalAws> {
  const faults = createFaults(rules);
  const optedIn = new Set(optInRegions);
  const calls = createCalls();
  const conditions = openConditions({ name: conditionsName, seed, quotas, tokenBuckets, now });
  if (log) calls.subscribe(log);
  const known = [...credentials, exampleCredentials];
  const store = openState({ directory, fsync });
  const iam = {
    roles: openRoles({ store, now }),
    sessions: openSessions({ store, now }),
  };
  const permissions = createPermissions({
    credentials: known,
    accountId,
    findGrant: sessionGrants(iam),
    managed: iam.roles.managed,
    now,
  });
  const context: ServiceContext = { store, faults, conditions, permissions, now, accountId, onNotice };
  const services = new Map<ServiceName, Service>();
  const releaseThreads = useThreads();
  const release = async () => {
    for (const service of services.values()) await service.close?.();
    await releaseThreads();
    await store.blobs.idle();
    store.close();
  };
  try {
    for (const service of createServices(context, { ec2, ssoTokens, optedIn, ...iam }))
      services.set(service.name, service);
    makeBuckets(context, buckets);
    const dispatching = {
      services,
      faults,
      conditions,
      calls,
      accountId,
      optedIn,
      hostNames,
      findCredentials: (id: string) =>
        known.find(({ accessKeyId }) => accessKeyId === id) ?? iam.sessions.find(id),
      now,
      onNotice,
    };
    const volumes = { store, files: snapshotFiles(store.directory), now };
    const read = (options: ReadVolumeOptions) => readVolume(options, volumes);
    const server = await listen({ host, port, readVolume: read, ...dispatching }).catch((cause: Error) => {
      throw new LocalAwsError('ADDRESS_UNAVAILABLE', `Cannot listen on ${host}:${port}: ${cause.message}`, {
        hint: 'Choose another port, or 0 for any free one.',
        cause,
        facts: { host, port },
      });
    });
    let closed: Promise<void> | undefined;
    return {
      url: `http://${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}`,
      port: server.port,
      faults,
      calls,
      conditions: conditionsName,
      seed,
      readVolume: read,
      close() {
        closed ??= server.close().then(release);
        return closed;
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function openState({ directory, fsync }: { directory: string; fsync: boolean }): Store {
  try {
    return openStore({ directory, fsync });
  } catch (cause) {
    const why = (cause as Error).message;
    throw new LocalAwsError('STATE_UNUSABLE', `Cannot use ${directory} as the state directory: ${why}`, {
      hint: 'Specify a writable directory that no other program uses.',
      cause,
      facts: { directory },
    });
  }
}

function makeBuckets(
  { store, accountId, now }: ServiceContext,
  buckets: NonNullable<LocalAwsOptions['buckets']>,
): void {
  for (const bucket of buckets) {
    const {
      name,
      region = 'us-east-1',
      owner = accountId,
    } = typeof bucket === 'string' ? { name: bucket } : bucket;
    if (!isValidBucketName(name)) {
      throw new LocalAwsError('BUCKET_NAME_INVALID', `Invalid bucket name: ${name}`, {
        hint: 'Use 3 to 63 lower-case letters, digits, dots and hyphens.',
        facts: { bucket: name },
      });
    }
    insertBucket(store, { name, region, owner, created_at: now() });
  }
}

interface Furnishings {
  readonly ec2: Partial<Ec2Settings> | undefined;
  readonly ssoTokens: readonly string[];
  readonly optedIn: ReadonlySet<string>;
  readonly roles: Roles;
  readonly sessions: RoleSessions;
}

/** One line a service: this is where they plug in. */
function createServices(
  context: ServiceContext,
  { ec2: settings, ssoTokens: tokens, optedIn, roles, sessions }: Furnishings,
): Service[] {
  const { store, now, permissions } = context;
  const parameterStore = openParameterStore({ store, now });
  const images = createImageValidation({
    store,
    parameterStore,
    isAvailable: (place, id) =>
      isUsableImage(findImageAnywhere(store, id, { ...place, now }), place.accountId, now()),
  });
  const account = accountOf(context, roles);
  const services = [
    createS3Service(context),
    ec2Service({ context, objects: s3ImportObjects(store), roles, parameterStore, optedIn, settings }),
    ebsService({ context, settings }),
    stsService({ permissions, roles, sessions, now }),
    ssoService({ tokens, roles, sessions }),
    iamService({ roles, users: permissions.users }),
    ssmService({ parameterStore, images }),
    kmsService(context),
    serviceQuotasService(context),
    autoScalingService(context),
  ];
  return services.map((service) => authorizedService(service, { permissions: context.permissions, account }));
}

/** What the conditions of policies can ask about. */
function accountOf({ store, now, accountId: own }: ServiceContext, roles: Roles): Account {
  return {
    tagsOf: ({ accountId, region }, id) => openResources({ store, accountId, region, now }).tagsOf(id),
    typeOf: typeOfId,
    bucketPolicy: (bucket) => bucketPolicyOf(store, bucket),
    uploadHeaders: (id) => encryptionHeadersOf(store, id),
    keyOf: (request, id) => findKey(store, request, id),
    rolePath: (name) => roles.find(own, name)?.path ?? '/',
  };
}
