import { refusedCodeOf } from '@ec2-image/aws-call';

/** How an endpoint says that it has no such call. A denial is something else: what may not be read is kept. */
const unknownAction = ['InvalidAction', 'UnknownOperationException', 'UnsupportedOperation'];

export function isUnknownAction(error: unknown): boolean {
  return unknownAction.includes(refusedCodeOf(error) ?? '');
}
