import { ExplainedError } from '@ec2-image/explained-error';

export class ProvenanceError extends ExplainedError {
  override name = 'ProvenanceError';
}
