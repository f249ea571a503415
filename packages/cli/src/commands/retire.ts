import type { Policy } from '@ec2-image/janitor';
import type { AccountScope } from '../janitor/scope.ts';
import { openScope, scopeFlagsOf } from '../janitor/scope.ts';
import { publishedRegions } from '../retire/published-regions.ts';
import { restoreSharing } from '../retire/restore-sharing.ts';
import { type RetiredImage, retiredImages } from '../retire/retired-images.ts';
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
    const published = publishedRegions(settings.file?.config);
    const onNotice = this.noticesTo(settings.log);
    if (flags.allRegions || flags.regions || published !== 'all') {
      return openScope({ ...flags, moreRegions: published === 'all' ? [] : published }, settings, onNotice);
    }
    return openScope({ ...flags, allRegions: true }, settings, onNotice);
  }

  protected policy(scope: AccountScope, settings: CommonSettings): Policy {
    return { ...this.commonPolicy(scope), retain: this.images(settings).map(({ retained }) => retained) };
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
