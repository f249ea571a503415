import type { DeserializeMiddleware, MiddlewareStack } from '@smithy/types';

// biome-ignore lint/suspicious/noExplicitAny: the SDK types a stack by one client's inputs, and this one serves all clients
type AnyStack = MiddlewareStack<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type WireMiddleware = DeserializeMiddleware<any, any>;

/** What a client's owner has added to see each exchange: before its answer is read, and after. */
export interface WireMiddlewares {
  readonly beforeReading: readonly WireMiddleware[];
  readonly afterReading: readonly WireMiddleware[];
}

interface Placement {
  readonly step?: string;
  readonly priority?: string;
  readonly tags?: readonly string[];
}

const known = new WeakMap<AnyStack, WireMiddlewares>();

/** How the SDK tags its own reading of answers: what has a lower priority sees an answer before it, the others after. */
const reading = 'DESERIALIZER';

/** Of the step nearest to the wire. */
export function wireMiddlewares(stack: AnyStack): WireMiddlewares {
  const found = known.get(stack);
  if (found) return found;
  const beforeReading: WireMiddleware[] = [];
  const afterReading: WireMiddleware[] = [];
  const collector = {
    add(middleware: WireMiddleware, { step, priority, tags }: Placement = {}) {
      if (step !== 'deserialize' || tags?.includes(reading)) return;
      (priority === 'low' ? beforeReading : afterReading).push(middleware);
    },
    addRelativeTo() {},
  };
  stack.applyToStack(collector as unknown as AnyStack);
  const middlewares = { beforeReading, afterReading };
  known.set(stack, middlewares);
  return middlewares;
}
