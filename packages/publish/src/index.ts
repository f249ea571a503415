export { type BootTest, type BootTestOptions, bootTest } from './boot-test/boot-test.ts';
export type { Ec2Options } from './ec2.ts';
export {
  type ParameterEntry,
  type PutParametersOptions,
  putParameters,
} from './parameters/put-parameters.ts';
export {
  type ParameterValue,
  type ReadParametersOptions,
  readParameters,
} from './parameters/read-parameters.ts';
export type { SsmOptions } from './parameters/ssm.ts';
