/** What is read of a policy document; everything may come as one or as a list. */
interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: '*' | { readonly Service?: string | readonly string[] };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/**
 * Whether identity policies allow the action: a statement does, and none denies it. Of the policy language this
 * knows Effect, Action and Resource; statements with a Condition allow nothing and deny nothing.
 */
export function isAllowed(documents: readonly string[], action: string, resource: string): boolean {
  const matching = documents
    .flatMap(statementsOf)
    .filter(
      ({ Action, Resource, Condition }) =>
        !Condition &&
        listOf(Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
        listOf(Resource).some((pattern) => matches(pattern, resource)),
    );
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
  );
}

/** Whether a trust policy lets a service assume the role, saying this external id. */
export function trustsService(document: string, service: string, externalId: string): boolean {
  return statementsOf(document).some(
    ({ Effect, Action, Principal, Condition = {} }) =>
      Effect === 'Allow' &&
      listOf(Action).some((pattern) => matches(pattern.toLowerCase(), 'sts:assumerole')) &&
      (Principal === '*' || listOf(Principal?.Service).includes(service)) &&
      Object.entries(Condition).every(
        ([operator, keys]) =>
          operator === 'StringEquals' &&
          Object.entries(keys).every(
            ([key, values]) => key.toLowerCase() === 'sts:externalid' && listOf(values).includes(externalId),
          ),
      ),
  );
}

/** @throws SyntaxError for anything but a JSON object with statements */
export function statementsOf(document: string): readonly Statement[] {
  const { Statement: statements } = (JSON.parse(document) ?? {}) as { Statement?: Statement | Statement[] };
  if (typeof statements !== 'object') throw new SyntaxError('a policy document has statements');
  return Array.isArray(statements) ? statements : [statements];
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : (value ?? []);
}

function matches(pattern: string, value: string): boolean {
  const expression = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, (special) =>
    special === '*' ? '.*' : special === '?' ? '.' : `\\${special}`,
  );
  return new RegExp(`^${expression}$`, 's').test(value);
}
