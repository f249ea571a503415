export { type BootTest, type BootTestOptions, bootTest } from './boot-test/boot-test.ts';
export type { Ec2Options } from './ec2.ts';
