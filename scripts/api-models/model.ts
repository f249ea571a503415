import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is read of a botocore model. */
export interface Model {
  readonly operations: Readonly<
    Record<
      string,
      { readonly input?: { readonly shape: string }; readonly errors?: readonly { readonly shape: string }[] }
    >
  >;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export interface Shape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string; readonly locationName?: string }>>;
  readonly member?: { readonly shape: string };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number };
  readonly fault?: boolean;
}

/** The newest version of a service's model. */
export function readModel(directory: string, service: string): Model {
  const version = readdirSync(join(directory, service)).sort().at(-1)!;
  return JSON.parse(readFileSync(join(directory, service, version, 'service-2.json'), 'utf8')) as Model;
}
