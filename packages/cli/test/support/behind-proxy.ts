import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ForwardProxy,
  type ForwardProxyOptions,
  selfSigned,
  startForwardProxy,
  startTlsTerminator,
} from '@ec2-image/local-aws/testing';
import { Resources } from '../../src/pipeline/resources.ts';
import { openAccount, type TestAccount } from './account.ts';
import { type CliEnd, runCli } from './run-cli.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** The names of AWS for a few regions, as the SDK makes them, and a mirror. */
const hosts = ['us-east-1', 'eu-west-1', 'ap-east-1', 'us-gov-west-1'].flatMap((region) => [
  `*.${region}.amazonaws.com`,
  `*.s3.${region}.amazonaws.com`,
  `*.sso.${region}.amazonaws.com`,
]);
const others = [
  '*.amazonaws.com',
  '*.us-gov.amazonaws.com',
  '*.cn-north-1.amazonaws.com.cn',
  '*.s3.cn-north-1.amazonaws.com.cn',
  '*.eusc-de-east-1.amazonaws.eu',
  '*.s3.eusc-de-east-1.amazonaws.eu',
  'images.test',
];

export interface BehindProxy extends AsyncDisposable {
  readonly proxy: ForwardProxy;
  readonly account: TestAccount;
  /** The private authority's certificate file. */
  readonly ca: string;
  readonly home: string;
  /** Runs the command with nothing but the proxy to the world. */
  run(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): Promise<CliEnd>;
  /** Writes `~/.aws/config`. */
  configure(text: string): Promise<void>;
  /** Connections that the command tried to make past the proxy. */
  direct(): Promise<string>;
}

/** AWS and a mirror under their own names, with certificates of a private authority, that only a proxy reaches. */
export async function openBehindProxy({
  mirrorPort,
  proxy: proxyOptions = {},
}: {
  readonly mirrorPort?: number;
  readonly proxy?: ForwardProxyOptions;
} = {}): Promise<BehindProxy> {
  await using opened = new Resources();
  const certificate = selfSigned({ hosts: [...hosts, ...others] });
  const account = opened.use(
    await openAccount({
      hostNames: ['amazonaws.com', 'amazonaws.com.cn', 'amazonaws.eu'],
      ssoTokens: ['sso-token'],
    }),
  );
  const aws = opened.use(await startTlsTerminator({ certificate, port: account.aws.port }));
  const mirror =
    mirrorPort === undefined ? aws : opened.use(await startTlsTerminator({ certificate, port: mirrorPort }));
  const proxy = opened.use(
    await startForwardProxy({
      to: (host) => ({ port: host.startsWith('images.test') ? mirror.port : aws.port }),
      ...proxyOptions,
    }),
  );
  const home = await temporaryDirectory('home');
  const [ca, direct, config] = [join(home, 'ca.pem'), join(home, 'direct'), join(home, '.aws', 'config')];
  await mkdir(join(home, '.aws'));
  await Promise.all([writeFile(ca, certificate.cert), writeFile(direct, ''), writeFile(config, '')]);
  const preload = fileURLToPath(new URL('refuse-direct.mjs', import.meta.url));
  const userInfo = proxyOptions.credentials === undefined ? '' : `${proxyOptions.credentials}@`;
  const open = opened.move();
  return {
    proxy,
    account,
    ca,
    home,
    run: (args, env = {}) =>
      runCli(args, {
        cwd: home,
        env: {
          HOME: home,
          AWS_CONFIG_FILE: config,
          HTTPS_PROXY: proxy.url.replace('://', `://${userInfo}`),
          AWS_CA_BUNDLE: ca,
          NODE_EXTRA_CA_CERTS: ca,
          NODE_OPTIONS: `--import=${preload}`,
          DIRECT_CONNECTIONS: direct,
          ...env,
        },
      }),
    configure: (text) => writeFile(config, text),
    direct: () => readFile(direct, 'utf8'),
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}
