import { UsageError } from '../errors/cli-error.ts';
import { show } from '../options/kinds/kind.ts';
import type { Shard } from '../options/kinds/shard.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What an engine tells each of the jobs that it runs of one array. */
interface Engine {
  readonly name: string;
  readonly index: string;
  /** Undefined where it does not tell. */
  readonly count?: string;
  /** The variable of the first index; a number where it is always the same. */
  readonly first: string | number;
  /** The variable of the last index, of engines whose arrays may have gaps. */
  readonly last?: string;
}

/**
 * Kubernetes: https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
 * AWS Batch: https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
 * Slurm: https://slurm.schedmd.com/job_array.html#env_vars
 * GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/
 */
const engines: readonly Engine[] = [
  { name: 'a Kubernetes Indexed Job', index: 'JOB_COMPLETION_INDEX', first: 0 },
  {
    name: 'an AWS Batch array job',
    index: 'AWS_BATCH_JOB_ARRAY_INDEX',
    count: 'AWS_BATCH_JOB_ARRAY_SIZE',
    first: 0,
  },
  {
    name: 'a Slurm job array',
    index: 'SLURM_ARRAY_TASK_ID',
    count: 'SLURM_ARRAY_TASK_COUNT',
    first: 'SLURM_ARRAY_TASK_MIN',
    last: 'SLURM_ARRAY_TASK_MAX',
  },
  { name: 'a parallel CI job', index: 'CI_NODE_INDEX', count: 'CI_NODE_TOTAL', first: 1 },
];

/**
 * The shard of the job that this process is, as its engine's variables tell it. Undefined where no engine does.
 *
 * @throws UsageError `SHARD_COUNT_UNKNOWN`; `SHARD_GAPS`; `BAD_OPTION` of a variable that is no such number
 */
export function engineShard(env: Environment): Shard | undefined {
  const engine = engines.find(({ index }) => env[index]);
  if (!engine) return undefined;
  const first = typeof engine.first === 'number' ? engine.first : readNumber(env, engine.first);
  const index = readNumber(env, engine.index) - first;
  if (!engine.count || !env[engine.count]) throw countUnknown(engine);
  const count = readNumber(env, engine.count);
  const last = engine.last === undefined ? first + count - 1 : readNumber(env, engine.last);
  if (last - first + 1 !== count) {
    throw new UsageError(
      'SHARD_GAPS',
      `${engine.name} of ${count} tasks from ${first} to ${last} has gaps: no task would import the images of the missing ones`,
      { hint: `Submit the array without gaps (\`--array=0-${count - 1}\`), or give --shard.` },
    );
  }
  if (index < 0 || index >= count) {
    throw new UsageError(
      'BAD_OPTION',
      `${engine.index}=${env[engine.index]} is not one of the ${count} from ${first} on`,
      { hint: 'Give --shard I/N, with I from 0.' },
    );
  }
  return { index, count };
}

function readNumber(env: Environment, variable: string): number {
  const value = env[variable];
  if (value !== undefined && /^\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError('BAD_OPTION', `${variable}: expected a whole number, not ${show(value)}`, {
    hint: 'An engine of array jobs sets it. Give --shard I/N, or --shard 0/1 for all images.',
  });
}

function countUnknown({ name, index, count }: Engine): UsageError {
  const missing = count ? `${count} is not set` : 'no variable tells of how many';
  return new UsageError(
    'SHARD_COUNT_UNKNOWN',
    `${index} says that this is one job of ${name}, and ${missing}`,
    {
      hint: `Give the number of jobs N: --shard "$${index}/N"; or --shard 0/1 for all images in each.`,
    },
  );
}
