import { AwsCallError, isAwsCallError } from './aws-call-error.ts';

/** Gives the text that STS decodes a denial to, as JSON; undefined where it does not. */
export type DecodeDenial = (encoded: string, signal?: AbortSignal) => Promise<string | undefined>;

/**
 * EC2 ends a denial with what was refused and by what, encrypted, some thousand characters of it:
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
 */
const encodedPart = /\s*Encoded authorization failure message: ([\w+/=.-]+)/;

export function withoutEncoded(text: string): string {
  return text.replace(encodedPart, '');
}

export function encodedDenialOf(text: string): string | undefined {
  return encodedPart.exec(text)?.[1];
}

/** Tells more of a denial, to whoever may call it. */
export function decodeCommand(encoded: string): string {
  return `aws sts decode-authorization-message --query DecodedMessage --output text --encoded-message ${encoded}`;
}

/** The same error in the decoded words; every other error, and one that is not decoded, comes back as it is. */
export async function withDecodedDenial(
  error: unknown,
  { decodeDenial, signal }: { readonly decodeDenial?: DecodeDenial; readonly signal?: AbortSignal },
): Promise<unknown> {
  if (!decodeDenial || !isAwsCallError(error, 'ACCESS_DENIED')) return error;
  const { encodedMessage } = error.facts;
  if (encodedMessage === undefined) return error;
  const decoded = readDenial((await decodeDenial(encodedMessage, signal)) ?? '');
  if (!decoded) return error;
  const { action, resource, principal, isExplicit, statements } = decoded;
  const what = [action, resource && `on ${resource}`, principal && `by ${principal}`]
    .filter(Boolean)
    .join(' ');
  const by = statements.length > 0 ? ` (statement ${statements.join(', ')})` : '';
  return new AwsCallError(
    error.code,
    `${error.message}; decoded: ${isExplicit ? `a policy denies ${what}${by}` : `no policy allows ${what}`}`,
    {
      hint: isExplicit
        ? `Remove the Deny of ${action}${by} from the policies of the user or role, of its permissions boundary or of the organization, then run the same command again.`
        : `Allow ${[action, resource && `on ${resource}`].filter(Boolean).join(' ')} in the policy of the user or role, then run the same command again.`,
      cause: error.cause,
      facts: error.facts,
    },
  );
}

interface Denial {
  readonly action: string;
  readonly resource?: string;
  readonly principal?: string;
  readonly isExplicit: boolean;
  /** Ids of the statements that deny; those without one are left out. */
  readonly statements: readonly string[];
}

/** Undefined of a text in which no action can be found: its form is documented by examples alone. */
function readDenial(text: string): Denial | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { explicitDeny, matchedStatements, context } = (message ?? {}) as {
    readonly explicitDeny?: unknown;
    readonly matchedStatements?: { readonly items?: readonly { readonly statementId?: unknown }[] };
    readonly context?: {
      readonly action?: unknown;
      readonly resource?: unknown;
      readonly principal?: { readonly arn?: unknown };
    };
  };
  const action = wordOf(context?.action);
  if (action === undefined) return undefined;
  const items = Array.isArray(matchedStatements?.items) ? matchedStatements.items : [];
  return {
    action,
    resource: wordOf(context?.resource),
    principal: wordOf(context?.principal?.arn),
    isExplicit: explicitDeny === true,
    statements: items.flatMap((item) => wordOf(item?.statementId) ?? []),
  };
}

const wordOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
