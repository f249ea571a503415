import type { Permission } from './permission.ts';
import { keyArns, type PolicyScope, type Statement } from './policy-scope.ts';

/** Whether a permission is on KMS keys, of which there may be none. */
export function isOnKeys({ on }: Permission): boolean {
  return on.some((target) => target === 'snapshot-keys' || target === 'object-keys');
}

/**
 * A key by its ARN. IAM knows no aliases as resources, but a key by the alias that it has:
 * https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
 */
export function keyStatements({ purpose, actions, on }: Permission, scope: PolicyScope): Statement[] {
  const keys = on.flatMap((target) =>
    target === 'snapshot-keys' ? (scope.snapshotKeys ?? []) : (scope.objectKeys ?? []),
  );
  return keyStatementsOf({ purpose, actions, keys }, scope);
}

export function keyStatementsOf(
  {
    purpose,
    actions,
    keys,
  }: { readonly purpose: string; readonly actions: readonly string[]; readonly keys: readonly string[] },
  scope: PolicyScope,
): Statement[] {
  const isOwn = (key: string) => !/^(?:arn:[^:]+:kms:[^:]*:[^:]*:)?alias\/aws\//.test(key);
  const aliases = keys.filter((key) => isOwn(key) && /^alias\/|:alias\//.test(key));
  const named = keys.filter((key) => isOwn(key) && !aliases.includes(key));
  const statement = { Sid: purpose, Effect: 'Allow', Action: actions };
  return [
    ...(named.length > 0 ? [{ ...statement, Resource: oneOrAll(keyArns(named, scope)) }] : []),
    ...(aliases.length > 0
      ? [
          {
            ...statement,
            Resource: oneOrAll(keyArns(['*'], scope)),
            Condition: {
              'ForAnyValue:StringEquals': {
                'kms:ResourceAliases': oneOrAll(
                  aliases.map((key) => key.replace(/^arn:[^/]*:alias\//, 'alias/')),
                ),
              },
            },
          },
        ]
      : []),
  ];
}

function oneOrAll(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? values[0]! : values;
}
