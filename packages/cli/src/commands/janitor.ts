import type { Policy } from '@ec2-image/janitor';
import type { AccountScope } from '../janitor/scope.ts';
import { SweepCommand } from './sweep-command.ts';

export class JanitorCommand extends SweepCommand {
  static override paths = [['janitor']];

  protected readonly subject = 'janitor';

  protected policy(scope: AccountScope): Policy {
    const { given } = this;
    return {
      ...this.commonPolicy(scope),
      amis: given.value('ami') ?? [],
      superseded: given.value('superseded') ?? false,
      deregisterNow: given.value('now') ?? false,
    };
  }
}
