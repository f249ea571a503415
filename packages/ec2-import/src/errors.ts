import { ExplainedError } from '@ec2-image/explained-error';

export class Ec2ImportError extends ExplainedError {
  override name = 'Ec2ImportError';
}
