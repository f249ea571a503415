/** What an API model says of one shape: https://smithy.io/2.0/spec/constraint-traits.html */
export interface Constraint {
  readonly type: string;
  /** Of a text or a blob its length, of a list or a map its size, of a number its value. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  /** Of a structure. */
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, Constraint>>;
  /** Of a list. */
  readonly member?: Constraint;
}

/** The inputs of a service's operations. */
export type ApiModel = Readonly<Record<string, Constraint>>;
