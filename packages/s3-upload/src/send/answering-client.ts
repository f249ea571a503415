import type {
  CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommandOutput,
  S3Client,
  ServiceInputTypes,
  ServiceOutputTypes,
  UploadPartCommandInput,
  UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { deriveClient } from '@ec2-image/aws-call';
import type { InitializeMiddleware } from '@smithy/types';

/** What is done in the place of lib-storage's own multipart calls. */
export interface MultipartAnswers {
  create(): Promise<Omit<CreateMultipartUploadCommandOutput, '$metadata'>>;
  part(input: UploadPartCommandInput): Promise<Omit<UploadPartCommandOutput, '$metadata'>>;
  complete(): Promise<Omit<CompleteMultipartUploadCommandOutput, '$metadata'>>;
}

/**
 * A client for lib-storage's `Upload`, whose multipart calls end in a middleware at the top of the stack. Any other
 * call would be one that nobody has thought of here, and fails.
 */
export function answeringClient(client: S3Client, answers: MultipartAnswers): S3Client {
  const answer: InitializeMiddleware<ServiceInputTypes, ServiceOutputTypes> =
    (_next, context) =>
    async ({ input }) => {
      const output = await answerTo(context.commandName, input, answers);
      return { output: { ...output, $metadata: {} } as ServiceOutputTypes, response: undefined };
    };
  return deriveClient(client, (stack) => {
    stack.add(answer, { step: 'initialize', priority: 'high', name: 'answerMultipartCalls' });
  });
}

function answerTo(command: string | undefined, input: ServiceInputTypes, answers: MultipartAnswers) {
  switch (command) {
    case 'CreateMultipartUploadCommand':
      return answers.create();
    case 'UploadPartCommand':
      return answers.part(input as UploadPartCommandInput);
    case 'CompleteMultipartUploadCommand':
      return answers.complete();
    default:
      throw new TypeError(`an upload was not expected to call ${command}`);
  }
}
