import type { Model } from './model.ts';

/** The codes of each operation, with their HTTP statuses, as they come over the wire. */
export function codesOf(
  { operations, shapes }: Model,
  names: readonly string[],
): Record<string, Record<string, number>> {
  return Object.fromEntries(
    names.map((name) => {
      const operation = operations[name];
      if (!operation) throw new Error(`the model has no operation ${name}`);
      const codes = (operation.errors ?? []).map(({ shape }) => {
        const { error, fault } = shapes[shape]!;
        return [error?.code ?? shape, error?.httpStatusCode ?? (fault ? 500 : 400)] as const;
      });
      return [name, Object.fromEntries(codes.sort(([a], [b]) => (a < b ? -1 : 1)))];
    }),
  );
}
