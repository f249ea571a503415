import { GetParametersCommand, type Parameter } from '@aws-sdk/client-ssm';
import { createSsm, type Ssm, type SsmOptions } from './ssm.ts';

/** What SSM shows of a parameter now. */
export interface ParameterValue {
  readonly name: string;
  /** Undefined where there is no parameter of that name. */
  readonly value?: string;
  /** From 1, one more with each change. */
  readonly version?: number;
  /** `aws:ec2:image` of one that names an AMI. */
  readonly dataType?: string;
}

export interface ReadParametersOptions extends SsmOptions {
  readonly names: readonly string[];
}

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html: so many a call. */
const namesPerCall = 10;

/**
 * The parameters of these names, in that order, as one read shows them.
 *
 * @throws the codes of a call
 */
export function readParameters({ names, ...options }: ReadParametersOptions): Promise<ParameterValue[]> {
  return readValues(createSsm(options), names);
}

export async function readValues(ssm: Ssm, names: readonly string[]): Promise<ParameterValue[]> {
  const found = new Map<string, Parameter>();
  const asked = [...new Set(names)];
  for (let at = 0; at < asked.length; at += namesPerCall) {
    const { Parameters = [] } = await ssm.send(
      new GetParametersCommand({ Names: asked.slice(at, at + namesPerCall) }),
    );
    for (const parameter of Parameters) found.set(parameter.Name ?? '', parameter);
  }
  return names.map((name) => {
    const { Value: value, Version: version, DataType: dataType } = found.get(name) ?? {};
    return {
      name,
      ...(value !== undefined && { value }),
      ...(version !== undefined && { version }),
      ...(dataType !== undefined && { dataType }),
    };
  });
}
