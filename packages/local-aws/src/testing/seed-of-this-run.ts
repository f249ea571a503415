let seed: number | undefined;

/** What decides in the adverse conditions of this process: `EC2_IMAGE_SEED`, or a number that it prints. */
export function seedOfThisRun(): number {
  if (seed === undefined) {
    seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));
    process.stderr.write(`local-aws: adverse conditions; EC2_IMAGE_SEED=${seed} repeats them\n`);
  }
  return seed;
}
