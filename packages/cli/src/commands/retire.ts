import type { Facts, Policy } from '@ec2-image/janitor';
import { openPublishedScope } from '../janitor/published-scope.ts';
import { type AccountScope, scopeFlagsOf } from '../janitor/scope.ts';
import { restoreSharing } from '../retire/restore-sharing.ts';
import { type RetiredImage, requireKnownImages, retiredImages } from '../retire/retired-images.ts';
import type { CommonSettings } from '../settings.ts';
import { SweepCommand } from './sweep-command.ts';

export class RetireCommand extends SweepCommand {
  static override paths = [['retire']];

  protected readonly subject = 'retire';

  /** No bucket: what is retired is in EC2 alone. */
  protected override async openScope(settings: CommonSettings): Promise<AccountScope> {
    // Said before anything is asked of AWS.
    this.images(settings);
    const flags = { ...scopeFlagsOf(this.given), buckets: [] };
    return openPublishedScope(flags, settings, this.noticesTo(settings.log));
  }

  protected policy(scope: AccountScope, settings: CommonSettings): Policy {
    return { ...this.commonPolicy(scope), retain: this.images(settings).map(({ retained }) => retained) };
  }

  protected override checkFacts(facts: Facts, { names: configured }: AccountScope): void {
    requireKnownImages(this.operands, { ...facts, configured });
  }

  protected override restoreSharing(scope: AccountScope, settings: CommonSettings) {
    const { signal, log } = settings;
    return restoreSharing(this.images(settings), { ...scope, signal, onNotice: this.noticesTo(log) });
  }

  private images({ file }: CommonSettings): readonly RetiredImage[] {
    const { given, operands } = this;
    return retiredImages(operands, {
      config: file?.config,
      retain: given.value('retain'),
      share: given.value('share'),
    });
  }
}
