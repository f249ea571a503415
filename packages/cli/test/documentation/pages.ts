import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { importByHand } from '../support/import-by-hand.ts';
import { configurationsOf, readDocument } from './documents.ts';
import { writeKeyring } from './keyring.ts';
import type { Stage } from './stage.ts';

export interface Page {
  /** What its reader has before. */
  prepare?(stage: Stage): Promise<unknown>;
  /** The exit code that the page promises of each command, typed in the order of the page. */
  readonly runs: Readonly<Record<string, number>>;
  /** What cannot run on the emulator alone, and what shows it instead. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

const image = 'https://example.org/Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2';
const checksum = 'https://example.org/Fedora-Cloud-43-1.6-x86_64-CHECKSUM';
const ami = 'ami-0123456789abcdef0';
const digest = '2b3b9e0a5f4c7777777777777777777777777777777777777777777777777777';
const demo = { demo: 'packages/cli/test/demo.test.ts runs it, on an emulator of its own' };
const isNamed = 'names the command, and gives no line to type';

/** An AMI without anything that a configuration publishes. */
const importNamed = (stage: Stage, bucket: string, ...more: readonly string[]) =>
  succeed(stage, [
    ...['import', '--name', 'fedora-aws', '--url', image, '--checksum-url', checksum],
    ...['--arch', 'x86_64', '--bucket', bucket, '--region', 'us-east-1', ...more],
  ]);

async function succeed(stage: Stage, words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await stage.type(words);
  if (exitCode !== 0) throw new Error(`ec2-image ${words.join(' ')}: ${exitCode}\n${stderr}`);
}

/** The page's own, which its text shows only after the first command. */
const configureAs = (stage: Stage, path: string) => {
  const [first] = configurationsOf(readDocument(path));
  return stage.configure(first!);
};

/** Four imports, the first of them a hundred days ago. */
async function growOld(stage: Stage): Promise<void> {
  const importAs = (suffix: string) => importNamed(stage, 'disk-images', '--suffix', suffix);
  await stage.aged(2400, () => importAs('1'));
  for (const suffix of ['2', '3', '4']) await importAs(suffix);
}

/** An upload that a run began two days ago, and an AMI. */
async function leaveOver(stage: Stage): Promise<void> {
  await importNamed(stage, 'packer-image-import', '--suffix', '20261122');
  const Key = 'ec2-image/fedora-aws-i20261117/2b3b9e0a5f4c.vhdx';
  await stage.aged(48, () =>
    stage.account.s3.send(new CreateMultipartUploadCommand({ Bucket: 'packer-image-import', Key })),
  );
}

export const pages: Readonly<Record<string, Page>> = {
  'README.md': {
    runs: {
      'doctor --bucket my-bucket --region us-east-1': 0,
      [`init ${image} --bucket my-bucket --region us-east-1`]: 0,
      'iam-policy import doctor plan': 0,
      'doctor --fix': 0,
      doctor: 0,
      plan: 3,
      import: 0,
      [`import --name fedora-aws --url ${image} --checksum-url ${checksum} --arch x86_64 --bucket my-bucket --region us-east-1`]: 0,
      'import fedora-aws': 0,
      'import --local': 0,
      [`boot-test ${ami}`]: 0,
      list: 0,
      status: 0,
      janitor: 0,
      'tag-fix': 0,
      [`verify ${ami} --file disk.qcow2`]: 0,
      'explain CODE': 0,
    },
    elsewhere: {
      init: 'asks on a terminal: packages/cli/test/init.test.ts',
      publish: isNamed,
      retire: isNamed,
    },
  },
  'packages/cli/README.md': {
    runs: {
      'import --url https://…/disk.qcow2 --checksum-url https://…/CHECKSUM --name fedora --arch x86_64 --bucket disks': 0,
      '--help': 0,
    },
    elsewhere: demo,
  },
  'deploy/README.md': {
    async prepare(stage) {
      await importNamed(stage, 'disk-images');
      await configureAs(stage, 'docs/publish.md');
    },
    runs: { 'import --shard I/N': 0, publish: 0, 'iam-policy': 0 },
  },
  'docs/account.md': {
    prepare: (stage) => configureAs(stage, 'README.md'),
    runs: {
      'iam-policy': 0,
      'iam-policy import verify boot-test janitor tag-fix --bucket BUCKET --region us-east-1': 0,
      'iam-policy role-trust --bucket-owner ACCOUNT': 0,
      'iam-policy role-policy --bucket BUCKET': 0,
      doctor: 0,
      'doctor --fix': 0,
      'explain CODE': 0,
    },
  },
  'docs/boot-test.md': {
    prepare: (stage) => importNamed(stage, 'disk-images'),
    runs: { [`boot-test ${ami} --region us-east-1`]: 0, 'iam-policy boot-test': 0 },
  },
  'docs/ci.md': {
    prepare: (stage) => configureAs(stage, 'README.md'),
    runs: { 'iam-policy': 0, import: 0 },
  },
  'docs/configuration.md': {
    prepare: (stage) => configureAs(stage, 'README.md'),
    runs: { 'config validate': 0, 'config schema': 0 },
  },
  'docs/errors.md': {
    runs: { 'explain CODE': 0, 'COMMAND --help': 0 },
    elsewhere: {
      'iam-policy': isNamed,
      'verify --save-digests': isNamed,
      import: isNamed,
      doctor: isNamed,
      'tag-fix': isNamed,
    },
  },
  'docs/failures.md': {
    prepare: (stage) => configureAs(stage, 'README.md'),
    runs: { 'explain CODE': 0, status: 0, doctor: 0, 'doctor --fix': 0, janitor: 0 },
  },
  'docs/first-import.md': {
    runs: {
      'iam-policy init': 0,
      [`init ${image} --bucket my-bucket --region us-east-1`]: 0,
      'iam-policy import doctor plan': 0,
      'doctor --fix': 0,
      doctor: 0,
      plan: 3,
      import: 0,
      list: 0,
      janitor: 0,
    },
    elsewhere: demo,
  },
  'docs/from-make.md': {
    prepare: ({ account, images, directory }) =>
      importByHand(account, {
        ...{ disk: images.disk, directory, bucket: 'packer-image-import' },
        ...{ name: 'fedora-aws', suffix: '20261122' },
      }),
    runs: {
      janitor: 0,
      [`tag-fix ${ami} --url ${image} --sha256 ${digest}`]: 0,
      'iam-policy verify': 0,
      'janitor --bucket packer-image-import --region us-east-1': 0,
    },
    elsewhere: {
      import:
        "finds the image on Fedora's servers: packages/cli/test/finding.test.ts does on a mirror of the test's own",
      'tag-fix': isNamed,
    },
  },
  'docs/images.md': {
    prepare: (stage) => configureAs(stage, 'README.md'),
    runs: { 'iam-policy': 0 },
  },
  'docs/import.md': {
    prepare: (stage) => importNamed(stage, 'my-bucket'),
    runs: {
      'iam-policy verify': 0,
      [`verify ${ami} --file disk.qcow2`]: 0,
      [`verify ${ami} --url https://example.org/disk.raw.xz --checksum-url https://example.org/CHECKSUM --save-digests disk.digests`]: 0,
      'verify snap-0123456789abcdef0 --digests disk.digests': 0,
      'iam-policy --via ebs': 0,
    },
    elsewhere: { retire: isNamed },
  },
  'docs/install.md': {
    runs: {
      'doctor --bucket my-bucket --region us-east-1': 0,
      'completion bash': 0,
      'completion zsh': 0,
      'completion fish': 0,
    },
  },
  'docs/janitor.md': {
    prepare: leaveOver,
    runs: {
      'janitor --bucket packer-image-import': 3,
      'janitor --bucket packer-image-import --save-plan plan.json': 3,
      'janitor --bucket packer-image-import --from-plan plan.json --apply --yes': 0,
      'tag-fix --bucket packer-image-import': 0,
      [`tag-fix ${ami} --name fedora-aws --suffix 20261122`]: 0,
      [`tag-fix ${ami} --url https://example.org/Fedora.x86_64.qcow2 --sha256 ${digest}`]: 0,
    },
    elsewhere: { janitor: isNamed },
  },
  'docs/publish.md': {
    async prepare(stage) {
      await importNamed(stage, 'disk-images');
      await configureAs(stage, 'docs/publish.md');
    },
    runs: { publish: 0, list: 0, 'iam-policy publish': 0 },
    elsewhere: demo,
  },
  'docs/retire.md': {
    async prepare(stage) {
      await growOld(stage);
      await configureAs(stage, 'docs/retire.md');
    },
    runs: {
      retire: 3,
      'retire --apply --yes': 0,
      'retire --save-plan plan.json': 0,
      'iam-policy retire': 0,
    },
    elsewhere: {
      'retire --from-plan plan.json --apply':
        'asks on a terminal: packages/cli/test/janitor/commands.test.ts',
    },
  },
  'docs/trust.md': {
    prepare: writeKeyring,
    runs: {
      [`import --name fedora-aws --arch x86_64 --bucket my-bucket --url ${image} --checksum-url ${checksum} --keyring fedora.asc`]: 0,
    },
  },
};
