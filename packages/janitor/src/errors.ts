import { ExplainedError } from '@ec2-image/explained-error';

export class JanitorError extends ExplainedError {
  override name = 'JanitorError';
}
