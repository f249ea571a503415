import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';

/** A cluster of one node on loopback, in directories of its own. */
export interface Slurm extends AsyncDisposable {
  /** For sbatch, scontrol and their kin. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a node of two cores runs of short jobs that wait for most of their time. */
const cpus = 4;

/** Needs root, as slurmd does, which starts each job as the user who submitted it. */
export async function startSlurm(directory: string): Promise<Slurm> {
  for (const name of ['state', 'spool']) await mkdir(join(directory, name));
  await writeFile(join(directory, 'munge.key'), randomBytes(1024), { mode: 0o600 });
  const munge = join(directory, 'munge.sock');
  const [controlPort, nodePort] = [await freePort(), await freePort()];
  const config = join(directory, 'slurm.conf');
  await writeFile(
    config,
    [
      ...['ClusterName=test', 'SlurmctldHost=localhost(127.0.0.1)', `SlurmctldPort=${controlPort}`],
      ...['SlurmUser=root', 'SlurmdUser=root', 'AuthType=auth/munge', 'CredType=cred/munge'],
      // A job that is queued again waits until its first credential has expired.
      `AuthInfo=socket=${munge},cred_expire=5`,
      ...[`StateSaveLocation=${directory}/state`, `SlurmdSpoolDir=${directory}/spool`],
      ...[`SlurmctldPidFile=${directory}/slurmctld.pid`, `SlurmdPidFile=${directory}/slurmd.pid`],
      ...[`SlurmctldLogFile=${directory}/slurmctld.log`, `SlurmdLogFile=${directory}/slurmd.log`],
      // No control groups: the machine of the tests may be a container.
      ...['ProctrackType=proctrack/pgid', 'TaskPlugin=task/none', 'JobAcctGatherType=jobacct_gather/none'],
      ...['SelectType=select/cons_tres', 'SelectTypeParameters=CR_Core', 'ReturnToService=2'],
      ...['SlurmdParameters=config_overrides', 'KillWait=2'],
      `NodeName=node0 NodeHostname=localhost NodeAddr=127.0.0.1 Port=${nodePort} CPUs=${cpus} RealMemory=8000`,
      'PartitionName=main Nodes=node0 Default=YES State=UP',
      '',
    ].join('\n'),
  );
  const env = { SLURM_CONF: config };
  const start = (file: string, args: readonly string[]) => {
    const daemon = execa(file, args, { env, stdio: 'ignore', reject: false });
    return { daemon, name: file };
  };
  const files = ['key-file=munge.key', 'log-file=munged.log', 'pid-file=munged.pid', 'seed-file=munge.seed'];
  const daemons = [
    start('munged', [
      ...['--foreground', '--force', `--socket=${munge}`],
      ...files.map((file) => `--${file.replace('=', `=${directory}/`)}`),
    ]),
    start('slurmctld', ['-D', '-c', '-f', config]),
    start('slurmd', ['-D', '-c', '-N', 'node0', '-f', config]),
  ];
  const slurm: Slurm = {
    env,
    async [Symbol.asyncDispose]() {
      for (const { daemon } of daemons.toReversed()) {
        daemon.kill('SIGTERM', new Error('the test has ended'));
        await daemon;
      }
    },
  };
  await untilIdle(env).catch(async (error: unknown) => {
    await slurm[Symbol.asyncDispose]();
    throw error;
  });
  return slurm;
}

async function untilIdle(env: Slurm['env']): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { stdout } = await execa('sinfo', ['--noheader', '--format=%T'], { env, reject: false });
    if (stdout.trim() === 'idle') return;
    await delay(250);
  }
  throw new Error('the node of Slurm is not idle after 30 s');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
