import type { Image } from '@aws-sdk/client-ec2';
import { bootTestKey, tagRecord } from '@ec2-image/provenance';
import { type BootTest, type BootTestOptions, bootTest } from '@ec2-image/publish';
import type { RequestedBootTest } from '../../config/boot-test.ts';
import { CliError } from '../../errors/cli-error.ts';

export interface TestAmiOptions
  extends Omit<BootTestOptions, keyof RequestedBootTest | 'imageId' | 'architecture' | 'tags'> {
  /** As DescribeImages gives it. */
  readonly image: Image;
  readonly bootTest: RequestedBootTest;
}

/**
 * Tests whether the AMI boots, on an instance that has its tags.
 *
 * @throws PublishError `BOOT_TEST_REFUSED`, `INSTANCE_NOT_TERMINATED`, `TEST_INSTANCE_ENDED`; CliError `BOOT_TEST_UNSUITED`
 */
export function testAmi({ image, bootTest: requested, ...options }: TestAmiOptions): Promise<BootTest> {
  return bootTest({
    ...options,
    ...requested,
    imageId: image.ImageId!,
    architecture: architectureOf(image),
    // But what only AWS may set, and what is said of the AMI alone.
    tags: Object.fromEntries(
      Object.entries(tagRecord(image.Tags)).filter(([key]) => !key.startsWith('aws:') && key !== bootTestKey),
    ),
  });
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
