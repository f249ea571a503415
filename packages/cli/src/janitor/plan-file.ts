import { readFile, rename, writeFile } from 'node:fs/promises';
import { type Plan, parsePlan, type SavedPlan } from '@ec2-image/janitor';
import { jsonText } from '../documents/json-text.ts';
import { CliError, UsageError } from '../errors/cli-error.ts';

/** Whole or not at all. */
export async function savePlan(path: string, plan: Plan): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, jsonText(plan), { mode: 0o600 });
    await rename(unfinished, path);
  } catch (cause) {
    throw new CliError('PLAN_NOT_SAVED', `cannot write the plan ${path}: ${(cause as Error).message}`, {
      hint: 'Name a file that can be written with --save-plan.',
      cause,
    });
  }
}

/** @throws UsageError `PLAN_NOT_FOUND`; JanitorError `PLAN_UNREADABLE` */
export async function loadPlan(path: string): Promise<SavedPlan> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError('PLAN_NOT_FOUND', `cannot read the plan ${path}: ${cause.code ?? cause.message}`, {
      hint: 'Name a file that --save-plan wrote.',
      cause,
    });
  });
  return parsePlan(text);
}
