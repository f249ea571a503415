import type { Image } from '@aws-sdk/client-ec2';
import { amiNameDate, readProvenance, shortDigest, tagRecord } from '@ec2-image/provenance';
import type { ConfiguredParameter } from '@ec2-image/publish';
import type { RequestedImport } from '../../config/import-request.ts';
import { fillInParameter } from '../../config/parameter-name.ts';
import type { PublishSettings } from '../../config/publish-settings.ts';
import { UsageError } from '../../errors/cli-error.ts';
import { parameterNameProblem } from '../../options/kinds/publish.ts';

/**
 * The SSM parameters of an AMI in a region: the same in every run, since all that fills their names in is the AMI's own.
 *
 * @throws UsageError `BAD_OPTION`
 */
export function parametersOf(
  { parameter, latestParameter }: PublishSettings,
  {
    request,
    image,
    region,
  }: { readonly request: RequestedImport; readonly image: Image; readonly region: string },
): ConfiguredParameter[] {
  const digest = readProvenance(tagRecord(image.Tags))?.digest;
  const short = digest === undefined ? 'unknown' : shortDigest(digest);
  const parts: Readonly<Record<string, string>> = {
    name: request.name,
    suffix: request.suffix ?? short,
    arch: request.architecture,
    digest: short,
    date: amiNameDate(new Date(image.CreationDate ?? 0)),
    region,
  };
  const named = (template: string | undefined, latest: boolean): ConfiguredParameter[] =>
    template === undefined ? [] : [{ name: fillInParameter(template, parts), latest }];
  const all = [...named(parameter, false), ...named(latestParameter, true)];
  const problem = all.map(({ name }) => [name, parameterNameProblem(name)] as const).find(([, why]) => why);
  if (!problem) return all;
  throw new UsageError('BAD_OPTION', `${request.name}: ${JSON.stringify(problem[0])}: ${problem[1]}`, {
    hint: 'Correct ssm-parameter or ssm-latest, or what fills them in.',
  });
}
