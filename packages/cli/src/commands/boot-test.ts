import { requestedBootTest } from '../config/boot-test.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { renderBootTest } from '../render/boot-test.ts';
import { openView } from '../render/choose-view.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

export class BootTestCommand extends TableCommand {
  static override paths = [['boot-test']];

  protected async run(settings: CommonSettings): Promise<number> {
    const { bootTarget } = await import('../boot-test/boot-target.ts');
    const { given } = this;
    const imageId = this.operands[0]!;
    const view = openView({ output: this.output, images: [imageId], log: settings.log });
    const tested = await bootTarget({
      imageId,
      bootTest: requestedBootTest({
        'instance-type': given.value('instance-type'),
        expect: given.value('expect'),
        timeout: given.value('boot-timeout'),
        subnet: given.value('subnet'),
        'public-address': given.value('public-address'),
      }),
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
}
