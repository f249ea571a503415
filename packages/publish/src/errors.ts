import { ExplainedError } from '@ec2-image/explained-error';

export class PublishError extends ExplainedError {
  override name = 'PublishError';
}
