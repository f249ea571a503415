import type { Constraint } from './api-model.ts';

/**
 * What in an input is not as its model says, in the words of the services; empty where all is well. Members that the model
 * does not name are left to the reader of the protocol.
 */
export function findViolations(constraint: Constraint, input: unknown, path = ''): string[] {
  if (input === undefined || input === null) return [];
  const { type, required = [], members = {}, member } = constraint;
  if (type === 'structure') {
    const values = input as Readonly<Record<string, unknown>>;
    return [
      ...required
        .filter((name) => values[name] === undefined || values[name] === null)
        .map(
          (name) =>
            `Value null at '${join(path, name)}' failed to satisfy constraint: Member must not be null`,
        ),
      ...Object.entries(members).flatMap(([name, inner]) =>
        findViolations(inner, values[name], join(path, name)),
      ),
    ];
  }
  if (type === 'list') {
    if (!Array.isArray(input)) return [];
    return [
      ...wrongSize(constraint, input.length, path),
      ...input.flatMap((item, index) =>
        member ? findViolations(member, item, `${path}.${index + 1}.member`) : [],
      ),
    ];
  }
  return wrongScalar(constraint, input, path);
}

function wrongScalar(constraint: Constraint, value: unknown, path: string): string[] {
  const { min, max, pattern, enum: allowed } = constraint;
  const at = (must: string) => [
    `Value '${String(value)}' at '${path}' failed to satisfy constraint: Member must ${must}`,
  ];
  if (typeof value === 'number') {
    if (min !== undefined && value < min) return at(`have value greater than or equal to ${min}`);
    return max !== undefined && value > max ? at(`have value less than or equal to ${max}`) : [];
  }
  if (typeof value !== 'string' || constraint.type !== 'string') return [];
  return [
    ...wrongSize(constraint, [...value].length, path, value),
    ...(allowed && !allowed.includes(value) ? at(`satisfy enum value set: [${allowed.join(', ')}]`) : []),
    ...(pattern !== undefined && !expressionOf(pattern).test(value)
      ? at(`satisfy regular expression pattern: ${pattern}`)
      : []),
  ];
}

function wrongSize({ min, max }: Constraint, size: number, path: string, value = '[...]'): string[] {
  const at = (must: string) => [
    `Value '${value}' at '${path}' failed to satisfy constraint: Member must have length ${must}`,
  ];
  if (min !== undefined && size < min) return at(`greater than or equal to ${min}`);
  return max !== undefined && size > max ? at(`less than or equal to ${max}`) : [];
}

const expressions = new Map<string, RegExp>();

/** A pattern is about the whole text. */
function expressionOf(pattern: string): RegExp {
  let expression = expressions.get(pattern);
  if (!expression) {
    expression = new RegExp(`^(?:${pattern})$`, /\\[pu]\{/.test(pattern) ? 'su' : 's');
    expressions.set(pattern, expression);
  }
  return expression;
}

/** Paths are written with small initials. */
function join(path: string, name: string): string {
  const small = name[0]!.toLowerCase() + name.slice(1);
  return path === '' ? small : `${path}.${small}`;
}
