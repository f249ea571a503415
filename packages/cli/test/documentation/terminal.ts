import { join } from 'node:path';
import { exampleCredentials } from '@ec2-image/local-aws';
import { execa } from 'execa';
import { region, type TestAccount } from '../support/account.ts';
import { ownEnvironment } from '../support/run-cli.ts';

export interface Typed {
  readonly line: string;
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Terminal {
  /** Where the next line runs. */
  readonly directory: string;
  type(line: string): Promise<Typed>;
}

/**
 * A person's shell, in an empty home and with credentials of the account.
 *
 * @param options.replace what a reader puts in place of the examples in a line
 */
export function openTerminal({
  home,
  path,
  account,
  replace,
  env = {},
}: {
  readonly home: string;
  readonly path: string;
  readonly account: TestAccount;
  readonly replace: (line: string) => string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}): Terminal {
  let directory = home;
  return {
    get directory() {
      return directory;
    },
    async type(line) {
      const { stdout, stderr, exitCode } = await execa('sh', ['-c', replace(line)], {
        cwd: directory,
        stdin: 'ignore',
        reject: false,
        extendEnv: false,
        env: {
          ...ownEnvironment,
          HOME: home,
          PATH: path,
          AWS_ACCESS_KEY_ID: exampleCredentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: exampleCredentials.secretAccessKey,
          AWS_REGION: region,
          AWS_ENDPOINT_URL: account.aws.url,
          AWS_PAGER: '',
          EC2_IMAGE_POLL_INTERVAL: '0.05',
          ...env,
        },
      });
      // Each line has a shell of its own, which takes its directory with it.
      const [, into] = /&& cd (\S+)$/.exec(line) ?? [];
      if (into !== undefined) directory = join(directory, into);
      return { line, exitCode, stdout, stderr };
    },
  };
}
