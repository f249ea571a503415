import { test } from 'vitest';
import { PassThrough } from 'node:stream';
import { main } from '../src/main.ts';
import { publishImages } from './support/images.ts';
import { importArgs, makeWorkDirectory } from './support/import.ts';
import { openAccount } from './support/account.ts';
test('x', async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', AWS_REGION: 'us-east-1', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' });
  await using images = await publishImages(['qcow2'], { sizeBytes: 16 * 2 ** 20, dataBytes: 2 ** 20 });
  for (let i = 0; i < 4; i++) {
    const t = performance.now();
    await using account = await openAccount({ ec2: { importTaskMs: 1, snapshotCompletionMs: 1, imageCreationMs: 1 } });
    const t1 = performance.now();
    const stdout = new PassThrough(), stderr = new PassThrough();
    const code = await main(importArgs({ account, workDirectory: await makeWorkDirectory(), url: images.url('qcow2'), 'checksum-url': images.checksumUrl, suffix: 'fault', connections: 1, 'poll-interval': 0.02 }), { env: process.env, stdin: process.stdin, stdout, stderr, colorDepth: 1 });
    console.log(code, Math.round(t1 - t), Math.round(performance.now() - t1));
    if (i === 3 || code !== 0) console.log(stdout.read()?.toString().slice(0, 3000), stderr.read()?.toString(), account.aws.calls.list().map((c) => `${c.sequence} ${c.service} ${c.operation} ${JSON.stringify(c.parameters)} ${Math.round(c.durationMs!)}`).join('\n'));
  }
});
