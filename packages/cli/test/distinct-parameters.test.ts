import { expect, test } from 'vitest';
import { requireDistinctParameters } from '../src/config/distinct-parameters.ts';
import type { PublishSettings } from '../src/config/publish-settings.ts';

type Image = Parameters<typeof requireDistinctParameters>[0][number];

function image({
  name = 'a',
  region = 'us-east-1',
  suffix,
  ...publish
}: Partial<PublishSettings> & {
  readonly name?: string;
  readonly region?: string;
  readonly suffix?: string;
}): Image {
  return {
    name,
    suffix,
    architecture: 'x86_64',
    session: { region },
    given: { isOfFile: true },
    publish: { regions: [], exceptRegions: [], bestEffortRegions: [], ...publish },
  };
}

const ofAll = { latestParameter: '/images/{arch}', regions: 'all' } as const;

test.each<[string, string, readonly Image[]]>([
  [
    'two images of one region',
    'ssm-latest of a and ssm-latest of b would both be /images/x86_64',
    [image({ latestParameter: '/images/{arch}' }), image({ name: 'b', latestParameter: '/images/{arch}' })],
  ],
  [
    'images of two regions that are copied to a third',
    'ssm-parameter of a and ssm-parameter of b would both be /images/new',
    [
      image({ parameter: '/images/new', regions: ['eu-west-1'] }),
      image({ name: 'b', region: 'us-west-2', parameter: '/images/new', regions: ['eu-west-1'] }),
    ],
  ],
  [
    'all regions, those of another image among them',
    'ssm-latest of a and ssm-parameter of b would both be /images/x86_64',
    [image(ofAll), image({ name: 'b', region: 'us-west-2', parameter: '/images/x86_64' })],
  ],
  [
    'all regions twice',
    'ssm-latest of a and ssm-latest of b would both be /images/x86_64',
    [image(ofAll), image({ ...ofAll, name: 'b', region: 'eu-west-1' })],
  ],
  [
    'both parameters of one image, by its suffix',
    'ssm-parameter and ssm-latest of a would both be /images/a/latest',
    [
      image({
        suffix: 'latest',
        parameter: '/images/{name}/{suffix}',
        latestParameter: '/images/{name}/latest',
      }),
    ],
  ],
])('refused: one SSM parameter of %s', (_, message, images) => {
  expect(() => requireDistinctParameters(images)).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION', message }),
  );
});

test.each<[string, readonly Image[]]>([
  [
    'names that differ by image, and by version',
    ['a', 'b'].map((name) =>
      image({ name, parameter: '/images/{name}/{digest}', latestParameter: '/images/{name}/latest' }),
    ),
  ],
  [
    'the same image in two regions, each by itself',
    ['us-east-1', 'eu-west-1'].map((region) =>
      image({ name: `fedora-${region}`, region, latestParameter: '/images/fedora' }),
    ),
  ],
  [
    'a region that all leaves out',
    [
      image({ ...ofAll, exceptRegions: ['eu-west-1'] }),
      image({ name: 'b', region: 'eu-west-1', latestParameter: '/images/x86_64' }),
    ],
  ],
])('allowed: %s', (_, images) => {
  expect(() => requireDistinctParameters(images)).not.toThrow();
});
