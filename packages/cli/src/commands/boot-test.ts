import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { renderBootTest } from '../render/boot-test.ts';
import { openView } from '../render/choose-view.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

export class BootTestCommand extends TableCommand {
  static override paths = [['boot-test']];

  protected override checkUsage(): void {
    this.expectation();
  }

  protected async run(settings: CommonSettings): Promise<number> {
    const { bootTarget } = await import('../boot-test/boot-target.ts');
    const { given } = this;
    const imageId = this.operands[0]!;
    const view = openView({ output: this.output, images: [imageId], log: settings.log });
    const seconds = given.value('boot-timeout');
    const tested = await bootTarget({
      imageId,
      instanceType: given.value('instance-type'),
      subnetId: given.value('subnet'),
      publicAddress: given.value('public-address'),
      expect: this.expectation(),
      timeoutMs: seconds === undefined ? undefined : seconds * 1000,
      settings,
      view,
    }).finally(() => view.close());
    await this.printResult(
      {
        document: () => ({ version: 1, 'boot-test': tested }),
        ids: () => (tested.booted ? [tested.imageId] : []),
        text: () => renderBootTest(tested),
      },
      settings.log,
    );
    return tested.booted ? exitCodes.done : exitCodes.failed;
  }

  /** @throws UsageError `BAD_OPTION` */
  private expectation(): RegExp | undefined {
    const pattern = this.given.value('expect');
    if (pattern === undefined) return undefined;
    try {
      return new RegExp(pattern, 'm');
    } catch (cause) {
      throw new UsageError('BAD_OPTION', `--expect: ${(cause as Error).message}`, {
        hint: 'Give a regular expression of JavaScript, such as "login: ?$".',
        cause,
      });
    }
  }
}
