import { bootTestOf } from '../config/boot-test.ts';
import { publishKeys } from '../config/publish-settings.ts';
import { defaultKeyPrefix } from '../config/s3-settings.ts';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import type { PolicyName } from '../iam/permission.ts';
import { createPolicy, importPolicies, type PolicyDocument } from '../iam/policy-document.ts';
import type { PolicyScope } from '../iam/policy-scope.ts';
import { createRolePolicy, createRoleTrust } from '../iam/role-documents.ts';
import { sourceObjects } from '../iam/source-objects.ts';
import { policyCommands, policySubjects } from '../options/commands/setup.ts';
import { show } from '../options/kinds/kind.ts';
import { didYouMean } from '../options/suggest.ts';
import type { ImageSettings } from '../options/table.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

type PolicyCommand = (typeof policyCommands)[number];
const roleDocuments = {
  'role-trust': createRoleTrust,
  'role-policy': createRolePolicy,
} as const;
const subjects: readonly string[] = policySubjects;

export class IamPolicyCommand extends TableCommand {
  static override paths = [['iam-policy']];

  protected override checkUsage(): void {
    for (const word of this.operands) {
      if (subjects.includes(word)) continue;
      throw new UsageError('USAGE', `no policy for ${show(word)}${didYouMean(word, subjects)}`, {
        hint: `Give one or more of ${policyCommands.join(', ')}; or role-trust or role-policy.`,
      });
    }
    if (this.operands.length > 1 && this.operands.some(isRoleDocument)) {
      throw new UsageError('USAGE', 'role-trust and role-policy are documents of their own', {
        hint: 'Print them one at a time.',
      });
    }
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const document = this.document(settings);
    await this.printResult(
      {
        document: () => ({ version: 1, 'iam-policy': { policy: document } }),
        ids: () => [JSON.stringify(document)],
        text: () => JSON.stringify(document, null, 2),
      },
      settings.log,
    );
    return exitCodes.done;
  }

  private document(settings: CommonSettings): PolicyDocument {
    const [first = 'import'] = this.operands;
    const scope = this.scope(settings);
    if (isRoleDocument(first)) return roleDocuments[first](scope);
    const names = (this.operands.length > 0 ? this.operands : [first]) as readonly PolicyCommand[];
    return createPolicy(
      [...new Set(names)].flatMap((name) => this.policies(name, settings)),
      scope,
    );
  }

  private policies(name: PolicyCommand, { file }: CommonSettings): PolicyName[] {
    const { config } = file ?? {};
    const images: ImageSettings[] = Object.values(config?.images ?? {});
    const publishes = [config ?? {}, ...images].some((settings) =>
      publishKeys.some((key) => key in settings),
    );
    if (name === 'plan' && publishes) return ['plan-publish'];
    if (name !== 'import') return [name];
    const given = this.given.value('via');
    const tested = this.given.value('boot-test');
    const imported = (images.length > 0 ? images : [{}]).flatMap((image) =>
      importPolicies({
        via: given ?? image.via ?? config?.via ?? 's3',
        ownSnapshot:
          this.given.value('own-snapshot') ?? image['own-snapshot'] ?? config?.['own-snapshot'] ?? false,
        bootTest: bootTestOf(tested ?? image['boot-test'] ?? config?.['boot-test']) !== undefined,
      }),
    );
    return [...new Set(imported), ...(publishes ? (['publish'] as const) : [])];
  }

  /** What the command line names, else what the configuration does: for all of its images. */
  private scope({ file, connection }: CommonSettings): PolicyScope {
    const { config } = file ?? {};
    const images = Object.values(config?.images ?? {});
    const known = <T>(given: readonly T[] | undefined, ofFile: readonly (T | undefined)[]): T[] => [
      ...new Set(given ?? ofFile.filter((value) => value !== undefined)),
    ];
    const regions = known(
      this.given.values('region'),
      images.length > 0 ? images.map(({ region }) => region ?? connection.region) : [connection.region],
    );
    // Copies are made in the region that they are for.
    const copied = [...images.map((image) => image.regions ?? config?.regions), config?.regions].flat();
    const everywhere = copied.includes('all');
    const prefixes = known(this.given.values('key-prefix'), [
      ...images.map((image) => image['key-prefix'] ?? config?.['key-prefix']),
      config?.['key-prefix'],
    ]);
    return {
      regions: everywhere ? [] : [...new Set([...regions, ...copied.filter((one) => one !== undefined)])],
      buckets: known(this.given.values('bucket'), [...images.map(({ bucket }) => bucket), config?.bucket]),
      keyPrefixes: prefixes.length > 0 ? prefixes : [defaultKeyPrefix],
      account: this.given.value('bucket-owner') ?? config?.['bucket-owner'],
      sources: sourceObjects(images),
      objectKeys: known(undefined, [
        this.given.value('sse-kms-key') ?? undefined,
        ...images.map((image) => image['sse-kms-key']),
        config?.['sse-kms-key'],
      ]),
      snapshotKeys: known(undefined, [
        this.given.value('kms-key'),
        ...images.map((image) => image['kms-key']),
        config?.['kms-key'],
      ]).flatMap((key) => (typeof key === 'object' ? Object.values(key) : key)),
    };
  }
}

function isRoleDocument(word: string): word is keyof typeof roleDocuments {
  return Object.hasOwn(roleDocuments, word);
}
