import type { Image } from '@aws-sdk/client-ec2';
import { describeImage, tagResources } from '@ec2-image/ec2-import';
import { bootTestKey, tagRecord } from '@ec2-image/provenance';
import { type BootTest, bootTest } from '@ec2-image/publish';
import { openCloud } from '../aws/cloud.ts';
import { openLocalAccount } from '../aws/local-account.ts';
import { CliError } from '../errors/cli-error.ts';
import { type RunView, showStage } from '../pipeline/progress.ts';
import type { CommonSettings } from '../settings.ts';

export interface BootTargetOptions {
  readonly imageId: string;
  readonly instanceType?: string;
  readonly subnetId?: string;
  readonly publicAddress?: boolean;
  readonly expect?: RegExp;
  readonly timeoutMs?: number;
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
 * @throws PublishError `BOOT_TEST_REFUSED`, `INSTANCE_NOT_TERMINATED`; CliError `BOOT_TEST_UNSUITED`
 */
export async function bootTarget({
  imageId,
  settings,
  view,
  ...options
}: BootTargetOptions): Promise<BootedTarget> {
  const { signal, allowUnknownAccount } = settings;
  await using local = settings.local ? await openLocalAccount(settings) : undefined;
  const connection = { ...settings.connection, ...local?.connection };
  const cloud = await openCloud({ ...connection, allowUnknownAccount, onNotice: view.notice, signal });
  const calls = { ...cloud.calls, client: cloud.ec2, signal, onNotice: view.notice };
  const image = await showStage({ view, image: imageId, stage: 'checking', signal }, () =>
    describeImage({ ...calls, imageId, untilAvailable: true }),
  );
  const tested = await showStage({ view, image: imageId, stage: 'boot test', signal }, () =>
    bootTest({
      ...calls,
      ...options,
      imageId,
      architecture: architectureOf(image),
      // Those of the AMI, but what only AWS may set and what is said of the AMI alone.
      tags: Object.fromEntries(
        Object.entries(tagRecord(image.Tags)).filter(
          ([key]) => !key.startsWith('aws:') && key !== bootTestKey,
        ),
      ),
      onStarted: (id) => view.notice(`started instance ${id} of ${imageId}`),
    }),
  );
  if (image.OwnerId === cloud.account) {
    const tags = { [bootTestKey]: tested.booted ? 'passed' : 'failed' };
    await tagResources({ ...calls, ids: [imageId], tags, overwrite: Object.keys(tags) });
  } else view.notice(`${imageId} is another account's AMI: it gets no tag`);
  return { imageId, region: cloud.region, ...tested };
}

function architectureOf({ ImageId: imageId, Architecture: architecture }: Image): 'x86_64' | 'arm64' {
  if (architecture === 'x86_64' || architecture === 'arm64') return architecture;
  throw new CliError(
    'BOOT_TEST_UNSUITED',
    `${imageId} is for ${architecture}, which no instance type here has`,
    {
      hint: 'A boot test takes AMIs for x86_64 and arm64.',
      facts: { imageId, architecture },
    },
  );
}
