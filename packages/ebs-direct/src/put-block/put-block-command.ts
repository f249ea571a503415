import {
  type EBSClientResolvedConfig,
  PutSnapshotBlockCommand,
  type PutSnapshotBlockCommandInput,
  type PutSnapshotBlockCommandOutput,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-ebs';
import { blockSizeBytes } from '@ec2-image/disk-blocks';
import type {
  DeserializeHandler,
  Handler,
  HandlerExecutionContext,
  HttpHandlerOptions,
  HttpResponse,
  MiddlewareStack,
} from '@smithy/types';
import { metadataOf, readRefusal } from './answer.ts';
import { blockRequest, type PutBlockInput } from './block-request.ts';
import { correctClock } from './correct-clock.ts';
import { type WireMiddleware, wireMiddlewares } from './wire-middlewares.ts';

type Exchange = DeserializeHandler<PutSnapshotBlockCommandInput, PutSnapshotBlockCommandOutput>;

/**
 * PutSnapshotBlock, thousands of times: with the client's connections, credentials, region and endpoint, and without the
 * SDK's middleware, but for what the client's owner has added to see each exchange. The SDK's own command takes three times
 * the processor time, to serialize, look up and sign what hardly differs from one block to the next. Not retried.
 */
export class PutBlockCommand extends PutSnapshotBlockCommand {
  /** As messages and permissions name the call. */
  static override readonly name = 'PutSnapshotBlockCommand';
  readonly #block: PutBlockInput;

  constructor(block: PutBlockInput) {
    super({
      SnapshotId: block.snapshotId,
      BlockIndex: block.index,
      BlockData: block.data,
      DataLength: blockSizeBytes,
      Checksum: block.checksum,
      ChecksumAlgorithm: 'SHA256',
    });
    this.#block = block;
  }

  override resolveMiddleware(
    stack: MiddlewareStack<ServiceInputTypes, ServiceOutputTypes>,
    config: EBSClientResolvedConfig,
    options: HttpHandlerOptions = {},
  ): Handler<PutSnapshotBlockCommandInput, PutSnapshotBlockCommandOutput> {
    const context = { clientName: 'EBSClient', commandName: PutBlockCommand.name };
    const { beforeReading, afterReading } = wireMiddlewares(stack);
    const send: Exchange = async ({ request }) => {
      const { response } = await config.requestHandler.handle(
        request as Parameters<typeof config.requestHandler.handle>[0],
        options,
      );
      return { response };
    };
    const answered = wrap(send, beforeReading, context);
    const read: Exchange = async (args) => {
      const response = (await answered(args)).response as HttpResponse;
      const clockSkewCorrected = correctClock(config, response);
      if (response.statusCode !== 201)
        throw await readRefusal(response, clockSkewCorrected ? { clockSkewCorrected } : {});
      response.body.resume();
      return { response, output: { $metadata: metadataOf(response) } };
    };
    const exchange = wrap(read, afterReading, context);
    return async ({ input }) => {
      const { response, output } = await exchange({
        input,
        request: await blockRequest(this.#block, config),
      });
      return { response, output: output! };
    };
  }
}

/** The last of them is the nearest to the wire. */
function wrap(
  exchange: Exchange,
  middlewares: readonly WireMiddleware[],
  context: HandlerExecutionContext,
): Exchange {
  return middlewares.reduceRight<Exchange>((next, middleware) => middleware(next, context), exchange);
}
