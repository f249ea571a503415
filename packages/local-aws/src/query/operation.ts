import type { Fields, Structure } from './shape.ts';
import type { XmlElements } from './xml.ts';

/** An operation of a Query service: what it takes, and what it does with that. */
export interface QueryOperation<Context> {
  readonly fields: Fields;
  run(
    input: Readonly<Record<string, unknown>>,
    context: Context,
  ): XmlElements | undefined | Promise<XmlElements | undefined>;
}

export type QueryOperations<Context> = Readonly<Record<string, QueryOperation<Context>>>;

/** Lets `run` see its input typed by `fields`. */
export function operationFor<Context>() {
  return <const F extends Fields>({
    fields,
    run,
  }: {
    fields: F;
    run(input: Structure<F>, context: Context): XmlElements | undefined | Promise<XmlElements | undefined>;
  }): QueryOperation<Context> => ({
    fields,
    run: (input, context) => run(input as Structure<F>, context),
  });
}
