export {
  MalformedPolicy,
  type PolicyDocument,
  type PolicyKind,
  type Principals,
  parsePolicy,
} from './document.ts';
export {
  type AccessRequest,
  type Decision,
  type DeniedBy,
  evaluate,
  type Policies,
  undecidedKeys,
} from './evaluate.ts';
export type { Principal } from './principal.ts';
export { type RequestContext, requestContext } from './request-context.ts';
export { trustsService } from './service-access.ts';
