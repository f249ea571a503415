import {
  DeregisterImageCommand,
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  type DescribeImagesCommandInput,
  DisableImageCommand,
  DisableImageDeprecationCommand,
  DisableImageDeregistrationProtectionCommand,
  EnableImageCommand,
  EnableImageDeprecationCommand,
  EnableImageDeregistrationProtectionCommand,
  ModifyImageAttributeCommand,
  type ModifyImageAttributeCommandInput,
  ResetImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, refusal, type TestAccount, testWith } from '../support/account.ts';

let time = Date.now();
let next = 0;
const hour = 3_600_000;

const test = testWith({ now: () => time }).extend('ImageId', ({ account }) => {
  next += 1;
  const id = `ami-${next.toString(16).padStart(17, '0')}`;
  const images = [{ id, name: `image ${next}`, snapshotIds: [], createdAt: time - hour }];
  seedEc2({ directory: account.directory, images });
  return id;
});

async function image(account: TestAccount, ImageId: string, more: DescribeImagesCommandInput = {}) {
  const { Images } = await account.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId], ...more }));
  return Images![0];
}

const deregister = (account: TestAccount, ImageId: string) =>
  account.ec2.send(new DeregisterImageCommand({ ImageId }));

describe('deregistration protection', () => {
  test('stands in the way until it is off', async ({ account, ImageId }) => {
    const on = await account.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId }));
    expect(on.Return).toBe('enabled-without-cooldown');
    expect((await image(account, ImageId))!.DeregistrationProtection).toBe('enabled-without-cooldown');
    await expect(deregister(account, ImageId)).rejects.toEqual(
      refusal('OperationNotPermitted', /protection is enabled/),
    );
    await account.ec2.send(new DisableImageDeregistrationProtectionCommand({ ImageId }));
    expect((await image(account, ImageId))!.DeregistrationProtection).toBe('disabled');
    await deregister(account, ImageId);
  });

  test('with a cooldown stands in the way for a day more', async ({ account, ImageId }) => {
    await account.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId, WithCooldown: true }));
    expect((await image(account, ImageId))!.DeregistrationProtection).toBe('enabled-with-cooldown');
    await account.ec2.send(new DisableImageDeregistrationProtectionCommand({ ImageId }));
    expect((await image(account, ImageId))!.DeregistrationProtection).toMatch(
      /^disabled-with-cooldown-until-/,
    );
    await expect(deregister(account, ImageId)).rejects.toEqual(refusal('OperationNotPermitted'));
    time += 24 * hour;
    expect((await image(account, ImageId))!.DeregistrationProtection).toBe('disabled');
    await deregister(account, ImageId);
  });
});

test('a disabled AMI is hidden and private until it is enabled', async ({ account, ImageId }) => {
  const share = { ImageId, LaunchPermission: { Add: [{ Group: 'all' as const }] } };
  await account.ec2.send(new ModifyImageAttributeCommand(share));
  await account.ec2.send(new DisableImageCommand({ ImageId }));
  expect(await image(account, ImageId)).toBeUndefined();
  expect(await image(account, ImageId, { IncludeDisabled: true })).toMatchObject({
    State: 'disabled',
    Public: false,
  });
  await expect(account.ec2.send(new ModifyImageAttributeCommand(share))).rejects.toEqual(
    refusal('IncorrectState'),
  );
  await account.ec2.send(new EnableImageCommand({ ImageId }));
  expect(await image(account, ImageId)).toMatchObject({ State: 'available' });
});

test('a deprecated AMI says so, and its owner still sees it', async ({ account, ImageId }) => {
  const DeprecateAt = new Date(Math.ceil((time + hour) / 60_000) * 60_000);
  await account.ec2.send(new EnableImageDeprecationCommand({ ImageId, DeprecateAt }));
  time += 2 * hour;
  const filters = { ImageIds: undefined, Filters: [{ Name: 'image-id', Values: [ImageId] }] };
  expect((await image(account, ImageId, filters))!.DeprecationTime).toBe(DeprecateAt.toISOString());
  await account.ec2.send(new DisableImageDeprecationCommand({ ImageId }));
  expect(await image(account, ImageId)).not.toHaveProperty('DeprecationTime');
  await expect(account.ec2.send(new EnableImageDeprecationCommand({ ImageId, DeprecateAt }))).rejects.toEqual(
    refusal('InvalidParameterValue', /future/),
  );
});

describe('launch permissions', () => {
  const modify = (
    account: TestAccount,
    ImageId: string,
    given: Omit<ModifyImageAttributeCommandInput, 'ImageId'>,
  ) => account.ec2.send(new ModifyImageAttributeCommand({ ImageId, ...given }));
  const permissions = async (account: TestAccount, ImageId: string) => {
    const command = new DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' });
    const { LaunchPermissions, ImageId: of } = await account.ec2.send(command);
    expect(of).toBe(ImageId);
    return LaunchPermissions;
  };

  test('are added and removed, in either form', async ({ account, ImageId }) => {
    expect(await permissions(account, ImageId)).toEqual([]);
    await modify(account, ImageId, {
      LaunchPermission: { Add: [{ UserId: '111122223333' }, { Group: 'all' }] },
    });
    await modify(account, ImageId, {
      Attribute: 'launchPermission',
      OperationType: 'add',
      UserIds: ['111122223333', '444455556666'],
    });
    await modify(account, ImageId, {
      LaunchPermission: {
        Add: [{ OrganizationArn: 'arn:aws:organizations::111122223333:organization/o-exampleorg' }],
      },
    });
    expect(await permissions(account, ImageId)).toEqual([
      { UserId: '111122223333' },
      { Group: 'all' },
      { UserId: '444455556666' },
      { OrganizationArn: 'arn:aws:organizations::111122223333:organization/o-exampleorg' },
    ]);
    expect((await image(account, ImageId))!.Public).toBe(true);
    expect(await image(account, ImageId, { ExecutableUsers: ['all'] })).toBeDefined();
    await modify(account, ImageId, { LaunchPermission: { Remove: [{ Group: 'all' }] } });
    await modify(account, ImageId, {
      Attribute: 'launchPermission',
      OperationType: 'remove',
      UserIds: ['111122223333'],
    });
    expect(await permissions(account, ImageId)).toHaveLength(2);
    expect((await image(account, ImageId))!.Public).toBe(false);
    await account.ec2.send(new ResetImageAttributeCommand({ ImageId, Attribute: 'launchPermission' }));
    expect(await permissions(account, ImageId)).toEqual([]);
  });

  test.for([
    [{}, 'InvalidParameterCombination', 'No attributes specified.'],
    [{ LaunchPermission: { Add: [{ UserId: 'me' }] } }, 'InvalidAMIAttributeItemValue', /"me"/],
  ] as [ModifyImageAttributeCommandInput, string, string | RegExp][])(
    'refuse %j',
    async ([given, code, message], { account, ImageId }) => {
      await expect(modify(account, ImageId, given)).rejects.toEqual(refusal(code, message));
    },
  );
});

test('other attributes can be read, and some written', async ({ account, ImageId }) => {
  await account.ec2.send(new ModifyImageAttributeCommand({ ImageId, Description: { Value: 'new' } }));
  await account.ec2.send(new ModifyImageAttributeCommand({ ImageId, ImdsSupport: { Value: 'v2.0' } }));
  const attribute = (
    Attribute: 'description' | 'imdsSupport' | 'bootMode' | 'lastLaunchedTime' | 'blockDeviceMapping',
  ) => account.ec2.send(new DescribeImageAttributeCommand({ ImageId, Attribute }));
  expect((await attribute('description')).Description).toEqual({ Value: 'new' });
  expect((await attribute('imdsSupport')).ImdsSupport).toEqual({ Value: 'v2.0' });
  expect((await attribute('bootMode')).BootMode?.Value).toBeUndefined();
  expect((await attribute('lastLaunchedTime')).LastLaunchedTime?.Value).toBeUndefined();
  await expect(attribute('blockDeviceMapping')).rejects.toEqual(refusal('AuthFailure'));
});
