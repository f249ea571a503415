import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importRequests } from '../src/config/import-request.ts';
import { renderPinYaml } from '../src/config/pin-config.ts';
import { parseConfig } from '../src/config/read-config.ts';
import type { ImageResult } from '../src/outcome.ts';
import { isExhaustive, sampleSeed } from './support/sample.ts';

const hex = 'ab'.repeat(32);
const region = 'us-east-1';

/** What a run of these images writes, with the AMI `ami-<name>` for each. */
function pinned(source: string, { names = [] as string[], flags = {} } = {}): string {
  const file = parseConfig({ path: 'ec2-image.yaml', source, env: { IMG_SFX: '7' } });
  const finished = importRequests({ names, flags, file }).map((request) => ({
    request,
    result: {
      name: request.name,
      outcome: 'imported',
      imageId: `ami-${request.name}`,
      amiName: request.name,
      region,
      source: { url: '', digest: `sha256:${hex}` },
    } as unknown as ImageResult,
  }));
  return renderPinYaml(finished, { keepSecrets: true });
}

type Tree = Record<string, Record<string, Record<string, unknown>>>;

/** The same with the keys of the pins, as the file is read: the independent account of what pinning is. */
function withPins(source: string): Tree {
  const tree = parse(source) as Tree;
  const images = Object.entries(tree.images!);
  const without = images.filter(([, image]) => image.region === undefined);
  const atTop = tree.region === undefined && without.length === images.length;
  for (const [name, image] of images) {
    if ('checksum-url' in image) {
      image.sha256 = hex;
      delete image['checksum-url'];
      delete image['checksum-entry'];
    }
    if (tree.region === undefined && !atTop && image.region === undefined) image.region = region;
    image.amis = { ...(image.amis as object), [region]: `ami-${name}` };
  }
  return (atTop ? { ...tree, region } : tree) as Tree;
}

const gap = fc.constantFrom(' ', '   ', '\t');
const behind = fc.constantFrom('', '', '   # why', ' # see https://example.org/wiki?page=1#top');
const between = fc.constantFrom('', '', '\n', '\n\n\n', '# apart\n', '  # deeper\n\n');

/** Keys of an image, as lines of a block with the indentation that is given. */
const imageLines = fc.record({
  url: fc.constantFrom(
    'https://example.org/disk.raw',
    '"https://example.org/disk.raw"',
    '>-\n      https://example.org/disk.raw',
  ),
  checksum: fc.constantFrom(
    'https://example.org/SUMS',
    "'https://example.org/SUMS'",
    '"https://example.org/SUMS"',
  ),
  entry: fc.boolean(),
  others: fc
    .subarray(
      [
        'tag:   # of all\n      team:   images\n      # below\n',
        'tag:\n      team: >-\n        one\n        two\n\n        three\n',
        'tag:\n      team: |\n        one\n          two\n\n',
        'tag: {team: "a, b",cost:   5 }\n',
        'region:   eu-west-1   # here\n',
        'amis:\n      eu-west-1:   ami-old # of before\n',
        'amis:   {eu-west-1: ami-old,}\n',
        'amis: {}\n',
        'verify:   true\n',
      ],
      { maxLength: 4 },
    )
    .map((some) => some.filter((one, at) => some.findIndex((other) => keyOf(other) === keyOf(one)) === at)),
  order: fc.boolean(),
  gap,
  behind,
  between: fc.array(between, { minLength: 8, maxLength: 8 }),
});

const keyOf = (lines: string) => lines.split(':')[0];

const file = fc
  .record({
    lineEnd: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\uFEFF'),
    hasEnd: fc.boolean(),
    head: fc.constantFrom('', '# ours\n\n', '---\n', '%YAML 1.2\n---\n'),
    top: fc.subarray(['region:   eu-west-1   # here\n', 'verify:   true\n\n\n', 'suffix: "${IMG_SFX}"\n']),
    images: fc.array(imageLines, { minLength: 1, maxLength: 3 }),
    tail: fc.constantFrom('', '\n\n', '# the end\n', '    # deep end\n'),
  })
  .map(({ lineEnd, mark, hasEnd, head, top, images, tail }) => {
    const blocks = images.map(({ url, checksum, entry, others, order, gap, behind, between }, index) => {
      const own = [
        `url:${gap}${url}${url.startsWith('>') ? '' : behind}\n`,
        `checksum-url:${gap}${checksum}${behind}\n`,
        ...(entry ? [`checksum-entry: disk.raw${behind}\n`] : []),
        'arch:    x86_64\n',
      ];
      const lines = order ? [...own, ...others] : [...others, ...own];
      return `  image${index}:${behind}\n${lines.map((line, at) => `${between[at]}    ${line}`).join('')}`;
    });
    const text = mark + head + ['bucket:  abc\n', ...top, '\nimages:\n', ...blocks, tail].join('');
    return (hasEnd ? text : text.trimEnd()).replaceAll('\n', lineEnd);
  });

const ofPins = /^\s*(region|amis|us-east-1|sha256):/;
const replaced = /^\s*(checksum-url|checksum-entry):/;
const linesOf = (text: string) => text.split(/(?<=\n)/);

const runs = { seed: sampleSeed, numRuns: isExhaustive ? 3_000 : 150 };

describe(`the file with its pins (seed ${sampleSeed})`, () => {
  test('has every other line of the file byte for byte, and says the same', () => {
    fc.assert(
      fc.property(file, (source) => {
        const result = pinned(source);
        expect(parse(result)).toEqual(withPins(source));
        // A last line without an end has one where pins come behind it.
        const lines = (text: string) =>
          text.split(/(?<=\n)/).map((line) => (source.endsWith('\n') ? line : line.replace(/\r?\n$/, '')));
        const kept = lines(source).filter((line) => !replaced.test(line) && !ofPins.test(line));
        expect(lines(result).filter((line) => !ofPins.test(line))).toEqual(kept);
        expect(result.replaceAll('\r\n', '').includes('\n')).toBe(!source.includes('\r\n'));
        expect(pinned(result)).toBe(result);
      }),
      runs,
    );
  });

  test.each([
    [
      'one line',
      '{ "bucket": "abc", "images": { "a": { "url": "https://h/x86_64.raw", "checksum-url": "https://h/S" } } }',
    ],
    [
      'no spaces',
      '{"images":{"a":{"bucket":"abc","url":"https://h/x86_64.raw","checksum-url":"https://h/S","checksum-entry":"x"}}}\r\n',
    ],
    [
      'many lines',
      '\uFEFF{\n  "images": {\n    "a": {\n      "bucket": "abc",\n      "url": [ "https://h/x86_64.raw" ],\n      "checksum-entry": "x",\n      "checksum-url": "https://h/S",\n      "amis": {}\n    }\n  }\n}\n',
    ],
  ])('stays JSON where it was: %s', (_, source) => {
    const result = pinned(source, { flags: { tag: { team: 'of\nus' } } });
    expect(JSON.parse(result.replace('\uFEFF', ''))).toEqual({
      ...withPins(source),
      images: { a: { ...withPins(source).images!.a, tag: { team: 'of\nus' } } },
    });
    for (const line of linesOf(source)
      .slice(0, -1)
      .filter((one) => !/checksum|amis|url/.test(one)))
      expect(result).toContain(line);
    expect(result.startsWith('\uFEFF')).toBe(source.startsWith('\uFEFF'));
  });

  test('keeps a flow mapping on its line, with its spaces and comments', () => {
    const source = `bucket: abc
images:
  a: {url: https://h/a.raw,  checksum-url: https://h/S, arch: arm64,}   # one
  b: {
    url: https://h/b.raw, # two
    sha256: ${hex},
    arch: arm64 # three
  }
`;
    expect(pinned(source)).toBe(
      source
        .replace('images:\n', `region: ${region}\nimages:\n`)
        .replace(
          'checksum-url: https://h/S, arch: arm64,}',
          `sha256: ${hex}, arch: arm64, amis: {${region}: ami-a},}`,
        )
        .replace('arm64 # three', `arm64, # three\n    amis: {${region}: ami-b}`),
    );
  });

  test.each([
    ['nothing', '', 'region: us-east-1\nimages:\n  x:\n'],
    ['comments', '# mine\r\n', '# mine\r\nregion: us-east-1\r\nimages:\r\n  x:\r\n'],
    ['no images', 'bucket: abc   # b', 'bucket: abc   # b\nregion: us-east-1\nimages:\n  x:\n'],
    ['an empty mapping', 'images: {}   # b\n', 'region: us-east-1\nimages:   # b\n  x:\n'],
  ])('gets an image of the command line where it has %s', (_, source, begins) => {
    const flags = { url: ['https://h/x.raw'], sha256: hex, arch: 'arm64' as const, bucket: 'abc' };
    const file = parseConfig({ path: 'ec2-image.yaml', source, env: {} });
    const [request] = importRequests({ flagName: 'x', names: [], flags, file });
    const result = { imageId: 'ami-x', amiName: 'x', region, source: { digest: `sha256:${hex}` } };
    const text = renderPinYaml([{ request: request!, result: result as unknown as ImageResult }]);
    expect(text.startsWith(begins), text).toBe(true);
    expect(parse(text).images.x).toMatchObject({ url: 'https://h/x.raw', amis: { [region]: 'ami-x' } });
  });
});
