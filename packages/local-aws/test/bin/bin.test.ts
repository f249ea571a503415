import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../src/bin/arguments.ts';
import { localAws, makeDirectory, startProcess } from '../support/process.ts';
import { send } from '../support/raw.ts';

test('it prints its URL alone, serves with what it was given, logs, and stops when it is told to', async () => {
  await using directory = await makeDirectory();
  const faults = join(directory.path, 'faults.json');
  const log = join(directory.path, 'calls.ndjson');
  const fault = { match: { operation: 'PutObject' }, action: { kind: 'error', preset: 'unavailable' } };
  await writeFile(faults, JSON.stringify(fault));
  await using running = await startProcess(
    join(directory.path, 'made/on/the/way'),
    ...['--bucket', 'disks', '--bucket', 'there@eu-west-1', '--faults', faults, '--log', log],
  );
  const { server, url } = running;
  const put = () => send(url, { method: 'PUT', target: '/disks/k', body: 'x' });
  expect([(await put()).status, (await put()).status]).toEqual([503, 200]);
  expect((await send(url, { target: '/there' })).headers['x-amz-bucket-region']).toBe('eu-west-1');
  server.kill('SIGTERM');
  const { stdout, stderr, exitCode } = await server;
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: url, stderr: '', exitCode: 0 });
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).operation)).toEqual(['PutObject', 'PutObject', 'ListObjects']);
});

test('what is wrong is said on stderr, and by the exit code', async () => {
  await using directory = await makeDirectory();
  const usage = await localAws('--port', '4566');
  expect(usage).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining('--directory is required'),
  });
  await writeFile(join(directory.path, 'faults.json'), '{"action": {"kind": "explode"}}');
  const faults = await localAws(
    '--directory',
    directory.path,
    '--faults',
    join(directory.path, 'faults.json'),
  );
  expect(faults).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('action.kind') });
});

describe('the command line', () => {
  test('says all that the options say', () => {
    const command =
      '--directory d --port 1 --host :: --account-id 111111111111 --credentials A:B:222222222222 --credentials C:D --bucket a@eu-west-1 --bucket b --import-task-ms 0 --snapshot-completion-ms 1 --image-creation-ms 2 --fsync --faults f --log -';
    expect(parseArguments(command.split(' '))).toEqual({
      help: false,
      faultFile: 'f',
      logFile: '-',
      options: {
        directory: 'd',
        port: 1,
        host: '::',
        accountId: '111111111111',
        fsync: true,
        credentials: [
          { accessKeyId: 'A', secretAccessKey: 'B', accountId: '222222222222' },
          { accessKeyId: 'C', secretAccessKey: 'D' },
        ],
        buckets: [{ name: 'a', region: 'eu-west-1' }, { name: 'b' }],
        ec2: { importTaskMs: 0, snapshotCompletionMs: 1, imageCreationMs: 2 },
      },
    });
  });

  test('the time of an import task in seconds', () => {
    const { options } = parseArguments(['--directory', 'd', '--import-seconds', '20']);
    expect(options.ec2).toEqual({ importTaskMs: 20_000 });
  });

  test.each([
    [['--directory', 'd', '--port', '65536'], /--port/],
    [['--directory', 'd', '--account-id', '1'], /twelve digits/],
    [['--directory', 'd', '--credentials', 'A'], /KEY:SECRET/],
    [['--directory', 'd', '--speed', '9'], /--speed/],
    [['--directory', 'd', 'more'], /more/],
    [['--directory', 'd', '--import-seconds', '1.5'], /--import-seconds/],
    [['--directory', 'd', '--import-seconds', '1', '--import-task-ms', '1'], /mutually exclusive/],
  ])('%j is refused', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(message);
    expect(() => parseArguments(argv)).toThrow(expect.objectContaining({ code: 'COMMAND_LINE_INVALID' }));
  });
});
