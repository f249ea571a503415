import { type BootTestSetting, readPattern } from '../options/kinds/boot-test.ts';

/** How an AMI is tested; what is undefined is as `bootTest` has it by default. */
export interface RequestedBootTest {
  readonly instanceType?: string;
  readonly subnetId?: string;
  readonly publicAddress?: boolean;
  readonly expect?: RegExp;
  readonly timeoutMs?: number;
}

/** Undefined where none is asked for: `false` puts aside what holds for other images. */
export function bootTestOf(setting: BootTestSetting | undefined): RequestedBootTest | undefined {
  if (setting === undefined || setting === false) return undefined;
  return setting === true ? {} : requestedBootTest(setting);
}

export function requestedBootTest({
  'instance-type': instanceType,
  subnet: subnetId,
  'public-address': publicAddress,
  expect,
  timeout,
}: Exclude<BootTestSetting, boolean>): RequestedBootTest {
  return {
    instanceType,
    subnetId,
    publicAddress,
    expect: expect === undefined ? undefined : readPattern(expect),
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
  };
}
