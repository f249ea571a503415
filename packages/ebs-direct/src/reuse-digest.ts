import type { ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-ebs';
import type { BuildMiddleware, Pluggable } from '@smithy/types';

/**
 * PutSnapshotBlock carries the block's SHA-256, and the signature needs the same digest of the same bytes. Computing it
 * again would be a third of the client's work.
 */
export const reuseBlockDigest: Pluggable<ServiceInputTypes, ServiceOutputTypes> = {
  applyToStack(stack) {
    const middleware: BuildMiddleware<ServiceInputTypes, ServiceOutputTypes> =
      (next, { commandName }) =>
      (args) => {
        if (commandName === 'PutSnapshotBlockCommand') {
          const { Checksum } = args.input as { Checksum?: string };
          const { headers } = args.request as { headers: Record<string, string> };
          if (Checksum) headers['x-amz-content-sha256'] = Buffer.from(Checksum, 'base64').toString('hex');
        }
        return next(args);
      };
    stack.add(middleware, { step: 'build', name: 'reuseBlockDigest', override: true });
  },
};
