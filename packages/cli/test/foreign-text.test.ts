import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { openGpg } from '@ec2-image/sample-image';
import { expect, onTestFinished } from 'vitest';
import { bucket } from './support/account.ts';
import { testWith } from './support/fixtures.ts';
import { runInProcess } from './support/in-process.ts';

const test = testWith();

/** What a terminal would obey: CSI as one byte, as a header may have it; in UTF-8; and as Escape, which a file may have. */
const [csi, csiUtf8, sgr] = ['\x9b31m', '\xc2\x9b31m', '\x1b[31m'];
const digest = 'ab'.repeat(32);

/** Answers of a hostile server, each with text that a message repeats. */
const answers: Readonly<Record<string, string>> = {
  '/encoded/CHECKSUM': `HTTP/1.1 200 OK\r\nContent-Encoding: ${csi}encoding\r\nContent-Length: 1\r\n\r\nx`,
  '/moved/CHECKSUM': `HTTP/1.1 302 Found\r\nLocation: gopher://host/${csiUtf8}location\r\nContent-Length: 0\r\n\r\n`,
  '/named/CHECKSUM': withBody(`${digest}  ${sgr}entry\n${digest}  another\n`),
  '/disposed/CHECKSUM': withBody(`${digest}  another\n${digest}  third\n`),
  '/disposed/disk.qcow2': `HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename="${csi}disposition"\r\nContent-Length: 1\r\n\r\nx`,
  '/listed/': withBody(`<html><a href="${sgr}1.qcow2">a</a><a href="${sgr}2.qcow2">b</a></html>`),
};

function withBody(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

async function serve(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (request) => {
      const [, path = ''] = request.toString('latin1').split(' ');
      const answer = answers[path] ?? `HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n`;
      socket.end(Buffer.from(answer, 'latin1'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('what servers, files and signers write reaches no terminal as control characters', async ({
  account,
  images,
  workDirectory,
}) => {
  const url = await serve();
  await using gpg = await openGpg();
  const signer = await gpg.makeKey('ed25519', { name: `\u009b31m${sgr}signer` });
  const sums = `${digest}  disk.qcow2\n`;
  await writeFile(join(images.directory, 'SIGNED'), await gpg.sign(signer, sums, ['--clear-sign']));
  const of = (name: string) => ({
    url: `${url}/${name}/disk.qcow2`,
    'checksum-url': `${url}/${name}/CHECKSUM`,
  });
  const config = join(workDirectory, 'ec2-image.yaml');
  const wanted: Readonly<Record<string, object>> = {
    encoded: of('encoded'),
    moved: of('moved'),
    named: of('named'),
    disposed: of('disposed'),
    gone: of('gone'),
    listed: { 'latest-url': `${url}/listed/*.qcow2` },
    signed: {
      url: `${url}/signed/disk.qcow2`,
      'checksum-url': `${images.server.url}/SIGNED`,
      keyring: await gpg.exportKeys([signer]),
    },
  };
  const described = Object.entries(wanted).map(([name, keys]) => [name, { ...keys, arch: 'x86_64' }]);
  await writeFile(config, JSON.stringify({ bucket, images: Object.fromEntries(described) }));
  const to = ['--config', config, '--endpoint-url', account.aws.url, '--work-dir', workDirectory];
  for (const command of ['import', 'doctor']) {
    const { exitCode, stdout, stderr } = await runInProcess([command, ...to]);
    const shown = stdout + stderr;
    expect(exitCode, shown).toBe(1);
    expect(shown.match(/[^\P{C}\n\t]/gu)).toBeNull();
    for (const name of Object.keys(wanted)) expect(shown).toContain(name);
    // They were shown: without that, nothing is told by the rest.
    expect(shown).toContain('31mentry');
    expect(shown).toContain(signer.fingerprint);
    if (command === 'import') for (const text of ['31mencoding', '31msigner']) expect(shown).toContain(text);
  }
});
