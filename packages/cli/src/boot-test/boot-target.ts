import { describeImage, tagResources } from '@ec2-image/ec2-import';
import { bootTestTags } from '@ec2-image/provenance';
import type { BootTest } from '@ec2-image/publish';
import { openCloud } from '../aws/cloud.ts';
import { openLocalAccount } from '../aws/local-account.ts';
import type { RequestedBootTest } from '../config/boot-test.ts';
import { testAmi } from '../pipeline/boot/test-ami.ts';
import { type RunView, showStage } from '../pipeline/progress.ts';
import type { CommonSettings } from '../settings.ts';

export interface BootTargetOptions {
  readonly imageId: string;
  readonly bootTest: RequestedBootTest;
  readonly settings: CommonSettings;
  /** Shows the AMI as one image. */
  readonly view: RunView;
}

export interface BootedTarget extends BootTest {
  readonly imageId: string;
  readonly region: string;
}

/**
 * Tests whether the AMI boots, and says so in its tags.
 *
 * @throws the errors of {@link testAmi}
 */
export async function bootTarget({
  imageId,
  bootTest,
  settings,
  view,
}: BootTargetOptions): Promise<BootedTarget> {
  const { signal, allowUnknownAccount } = settings;
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const connection = { ...settings.connection, ...local?.connection };
  const cloud = await openCloud({ ...connection, allowUnknownAccount, onNotice: view.notice, signal });
  const calls = { ...cloud.calls, client: cloud.ec2, signal, onNotice: view.notice };
  const image = await showStage({ view, image: imageId, stage: 'checking', signal }, () =>
    describeImage({ ...calls, imageId, untilAvailable: true }),
  );
  const tested = await showStage({ view, image: imageId, stage: 'boot-test', signal }, () =>
    testAmi({
      ...calls,
      image,
      bootTest,
      onStarted: (id) => view.notice(`started instance ${id} of ${imageId}`),
    }),
  );
  if (image.OwnerId === cloud.account) {
    const tags = bootTestTags(tested);
    await tagResources({ ...calls, ids: [imageId], tags, overwrite: Object.keys(tags) });
  } else view.notice(`${imageId} is another account's AMI: it gets no tag`);
  return { imageId, region: cloud.region, ...tested };
}
