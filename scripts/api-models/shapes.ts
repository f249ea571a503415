import type { Model, Shape } from './model.ts';

interface Constraint {
  readonly type: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, Constraint>>;
  readonly member?: Constraint;
}

/** The input of each operation: its members, and what each may hold. */
export function constraintsOf(model: Model, names: readonly string[]): Record<string, Constraint> {
  return Object.fromEntries(
    names.map((name) => {
      const operation = model.operations[name];
      if (!operation) throw new Error(`the model has no operation ${name}`);
      const input = operation.input?.shape;
      return [name, input === undefined ? { type: 'structure', members: {} } : constraint(model, input, [])];
    }),
  );
}

const scalars: Readonly<Record<string, string>> = { long: 'integer', float: 'double' };

function constraint(model: Model, name: string, above: readonly string[]): Constraint {
  const shape: Shape = model.shapes[name]!;
  const { type, min, max, pattern, required, members, member } = shape;
  // A shape that holds itself is checked one level deep.
  if (above.includes(name)) return { type };
  const inside = [...above, name];
  return {
    type: scalars[type] ?? type,
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(pattern !== undefined && { pattern: readable(pattern) }),
    ...(shape.enum && { enum: shape.enum }),
    ...(required && required.length > 0 && { required }),
    ...(members && {
      members: Object.fromEntries(
        Object.entries(members).map(([key, { shape: inner }]) => [key, constraint(model, inner, inside)]),
      ),
    }),
    ...(member && { member: constraint(model, member.shape, inside) }),
  };
}

/** Java writes what lies beyond 16 bits in halves; here it needs a flag of its own, which the emulator sets by the braces. */
function readable(pattern: string): string {
  const written = pattern.replaceAll('\\uD800\\uDC00-\\uDBFF\\uDFFF', '\\u{10000}-\\u{10FFFF}');
  new RegExp(written, /\\[pu]\{/.test(written) ? 'u' : '');
  return written;
}
