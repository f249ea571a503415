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
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { type Account, openAccount, refusal } from './account.ts';

let account: Account;
let time = Date.now();
let next = 0;
let ImageId: string;
const hour = 3_600_000;

beforeAll(async () => {
  account = await openAccount({ now: () => time });
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(() => {
  next += 1;
  ImageId = `ami-${next.toString(16).padStart(17, '0')}`;
  const images = [{ id: ImageId, name: `image ${next}`, snapshotIds: [], createdAt: time - hour }];
  seedEc2({ directory: account.directory, images });
});

async function image(more: DescribeImagesCommandInput = {}) {
  const { Images } = await account.ec2.send(new DescribeImagesCommand({ ImageIds: [ImageId], ...more }));
  return Images![0];
}

const deregister = () => account.ec2.send(new DeregisterImageCommand({ ImageId }));

describe('deregistration protection', () => {
  it('stands in the way until it is off', async () => {
    const on = await account.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId }));
    expect(on.Return).toBe('enabled-without-cooldown');
    expect((await image())!.DeregistrationProtection).toBe('enabled-without-cooldown');
    await expect(deregister()).rejects.toEqual(refusal('OperationNotPermitted', /protection is enabled/));
    await account.ec2.send(new DisableImageDeregistrationProtectionCommand({ ImageId }));
    expect((await image())!.DeregistrationProtection).toBe('disabled');
    await deregister();
  });

  it('with a cooldown stands in the way for a day more', async () => {
    await account.ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId, WithCooldown: true }));
    expect((await image())!.DeregistrationProtection).toBe('enabled-with-cooldown');
    await account.ec2.send(new DisableImageDeregistrationProtectionCommand({ ImageId }));
    expect((await image())!.DeregistrationProtection).toMatch(/^disabled-with-cooldown-until-/);
    await expect(deregister()).rejects.toEqual(refusal('OperationNotPermitted'));
    time += 24 * hour;
    expect((await image())!.DeregistrationProtection).toBe('disabled');
    await deregister();
  });
});

it('a disabled AMI is hidden and private until it is enabled', async () => {
  const share = { ImageId, LaunchPermission: { Add: [{ Group: 'all' as const }] } };
  await account.ec2.send(new ModifyImageAttributeCommand(share));
  await account.ec2.send(new DisableImageCommand({ ImageId }));
  expect(await image()).toBeUndefined();
  expect(await image({ IncludeDisabled: true })).toMatchObject({ State: 'disabled', Public: false });
  await expect(account.ec2.send(new ModifyImageAttributeCommand(share))).rejects.toEqual(
    refusal('IncorrectState'),
  );
  await account.ec2.send(new EnableImageCommand({ ImageId }));
  expect(await image()).toMatchObject({ State: 'available' });
});

it('a deprecated AMI says so, and its owner still sees it', async () => {
  const DeprecateAt = new Date(Math.ceil((time + hour) / 60_000) * 60_000);
  await account.ec2.send(new EnableImageDeprecationCommand({ ImageId, DeprecateAt }));
  time += 2 * hour;
  const filters = { ImageIds: undefined, Filters: [{ Name: 'image-id', Values: [ImageId] }] };
  expect((await image(filters))!.DeprecationTime).toBe(DeprecateAt.toISOString());
  await account.ec2.send(new DisableImageDeprecationCommand({ ImageId }));
  expect(await image()).not.toHaveProperty('DeprecationTime');
  await expect(account.ec2.send(new EnableImageDeprecationCommand({ ImageId, DeprecateAt }))).rejects.toEqual(
    refusal('InvalidParameterValue', /future/),
  );
});

describe('launch permissions', () => {
  const modify = (given: Omit<ModifyImageAttributeCommandInput, 'ImageId'>) =>
    account.ec2.send(new ModifyImageAttributeCommand({ ImageId, ...given }));
  const permissions = async () => {
    const command = new DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' });
    const { LaunchPermissions, ImageId: of } = await account.ec2.send(command);
    expect(of).toBe(ImageId);
    return LaunchPermissions;
  };

  it('are added and removed, in either form', async () => {
    expect(await permissions()).toEqual([]);
    await modify({ LaunchPermission: { Add: [{ UserId: '111122223333' }, { Group: 'all' }] } });
    await modify({
      Attribute: 'launchPermission',
      OperationType: 'add',
      UserIds: ['111122223333', '444455556666'],
    });
    await modify({
      LaunchPermission: { Add: [{ OrganizationArn: 'arn:aws:organizations::1:organization/o-1' }] },
    });
    expect(await permissions()).toEqual([
      { UserId: '111122223333' },
      { Group: 'all' },
      { UserId: '444455556666' },
      { OrganizationArn: 'arn:aws:organizations::1:organization/o-1' },
    ]);
    expect((await image())!.Public).toBe(true);
    expect(await image({ ExecutableUsers: ['all'] })).toBeDefined();
    await modify({ LaunchPermission: { Remove: [{ Group: 'all' }] } });
    await modify({ Attribute: 'launchPermission', OperationType: 'remove', UserIds: ['111122223333'] });
    expect(await permissions()).toHaveLength(2);
    expect((await image())!.Public).toBe(false);
    await account.ec2.send(new ResetImageAttributeCommand({ ImageId, Attribute: 'launchPermission' }));
    expect(await permissions()).toEqual([]);
  });

  it.each([
    [{}, 'InvalidParameterCombination', 'No attributes specified.'],
    [{ LaunchPermission: { Add: [{ UserId: 'me' }] } }, 'InvalidAMIAttributeItemValue', /"me"/],
  ] as [ModifyImageAttributeCommandInput, string, string | RegExp][])(
    'refuse %j',
    async (given, code, message) => {
      await expect(modify(given)).rejects.toEqual(refusal(code, message));
    },
  );
});

it('other attributes can be read, and some written', async () => {
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
