import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PolicyName } from '../../src/iam/permission.ts';
import { createPolicy, type PolicyDocument, permissionTable } from '../../src/iam/policy-document.ts';
import { bucket, region } from '../support/account.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import { isExhaustive, runSample } from '../support/sample.ts';
import { keyAliases, otherRegion, runScenario, type Scenario, scenarios } from './scenarios.ts';

let images: TestImages;
beforeAll(async () => {
  images = await publishImages(['qcow2'], { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 18 });
});
afterAll(() => images[Symbol.asyncDispose]());

const policyOf = ({ policy, beside = [] }: Scenario) =>
  createPolicy([policy, ...beside], {
    regions: [region, otherRegion],
    buckets: [bucket],
    keyPrefixes: ['ec2-image/'],
    account: '123456789012',
    objectKeys: [keyAliases.objects],
    snapshotKeys: [keyAliases.snapshots],
  });

interface Statement {
  readonly Action: readonly string[];
}

function without(policy: PolicyDocument, action: string): PolicyDocument {
  const statements = (policy.Statement as readonly Statement[]).map((statement) => ({
    ...statement,
    Action: statement.Action.filter((one) => one !== action),
  }));
  return { ...policy, Statement: statements.filter(({ Action }) => Action.length > 0) };
}

const title = ({ policy, name }: Scenario) => `${policy}: ${name}`;

describe('under exactly its policy', () => {
  test.each(scenarios.map((scenario) => [title(scenario), scenario] as const))(
    '%s',
    async (_title, scenario) => {
      const { exitCode, said, end } = await runScenario(scenario, {
        policy: policyOf(scenario),
        images,
      });
      expect(said).not.toMatch(/denied|not authorized|may not call/i);
      expect(exitCode, end.stderr + end.stdout).toBe(scenario.exitCode ?? 0);
    },
  );
});

const tested = [...new Set(scenarios.map(({ policy }) => policy))];

/** What both read has its scenarios under `plan`. */
const ofOthers: Partial<Record<PolicyName, PolicyName>> = { 'plan-publish': 'plan' };

test.each(tested)('every action of %s has a scenario that it matters in', (name) => {
  const needed = scenarios
    .filter(({ policy }) => policy === name || policy === ofOthers[name])
    .flatMap(({ needs }) => needs);
  const allowed = permissionTable[name].flatMap(({ actions }) => actions);
  expect([...new Set(needed)].sort()).toEqual([...new Set(allowed)].sort());
});

test(
  'without any one action something breaks, or something is lost and named',
  async () => {
    const points = scenarios.flatMap((scenario) => scenario.needs.map((action) => ({ scenario, action })));
    const whole = new Map<Scenario, ReturnType<typeof runScenario>>();
    const { done, failures, seed } = await runSample(
      points,
      async ({ scenario, action }) => {
        const policy = policyOf(scenario);
        if (!whole.has(scenario)) whole.set(scenario, runScenario(scenario, { policy, images }));
        const before = await whole.get(scenario)!;
        const after = await runScenario(scenario, { policy: without(policy, action), images });
        const facts = ({ exitCode, said, left }: typeof after) => ({ exitCode, said, left });
        expect(facts(after), `${title(scenario)} without ${action}`).not.toEqual(facts(before));
      },
      // One at a time: who signs is a variable of the process.
      { size: 3, sideBySide: 1 },
    );
    process.stdout.write(`${done} of ${points.length} actions taken away; EC2_IMAGE_SEED=${seed}\n`);
    expect(failures.map(({ message }) => message.split('\n')[0])).toEqual([]);
    if (isExhaustive) expect(done).toBe(points.length);
  },
  isExhaustive ? 900_000 : 120_000,
);
