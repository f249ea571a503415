import { EC2Client, ModifyImageAttributeCommand } from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { seedEc2 } from '@ec2-image/local-aws';
import { provenanceTags } from '@ec2-image/provenance';
import { test as base, describe, expect } from 'vitest';
import type { ImagePlan } from '../../src/pipeline/plan/planned.ts';
import { region } from '../support/account.ts';
import { runInProcess } from '../support/in-process.ts';
import { openPublishScene, type PublishScene } from './scene.ts';

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('scene', async ({}, { onCleanup }) => {
  const scene = await openPublishScene();
  onCleanup(() => scene[Symbol.asyncDispose]());
  return scene;
});

async function planned({ account, args }: PublishScene, ...more: string[]) {
  const after = account.aws.calls.list().at(-1)?.sequence ?? 0;
  const end = await runInProcess(['plan', ...args.slice(1), ...more]);
  const changes = account.aws.calls.list({ after }).filter(({ mutating }) => mutating);
  expect(changes.map(({ operation }) => operation)).toEqual([]);
  const plan = end.json<{ plan: { images: ImagePlan[] } }>().plan.images[0]!;
  return { ...end, plan, steps: plan.steps.map(({ action, what }) => `${action} ${what}`) };
}

describe('plan foresees of publishing', () => {
  test('that latest stays at an AMI of another stream, as publish then finds', async ({ scene }) => {
    const { account } = scene;
    const another = 'ami-00000000000000009';
    const tags = provenanceTags({
      digest: `sha256:${'cd'.repeat(32)}`,
      sourceUrl: 'https://example.org/other.qcow2',
      diskFormat: 'raw',
      name: 'other',
      version: '0.1.0',
    });
    seedEc2({
      directory: account.directory,
      region: 'eu-west-1',
      images: [{ id: another, name: 'other', snapshotIds: [], tags }],
    });
    const latest = { Name: '/images/debian/latest', Value: another, Type: 'String' } as const;
    await account.client(SSMClient, { region: 'eu-west-1' }).send(new PutParameterCommand(latest));
    const { exitCode, plan, steps } = await planned(scene);
    expect([exitCode, plan.outcome, plan.error?.code]).toEqual([1, 'blocked', 'LATEST_NOT_NEWER']);
    expect(plan.error?.message).toMatch(/in eu-west-1 stays at ami-0*9: .* is of another stream/);
    expect(steps).toContain('make eu-west-1: copy to eu-west-1');
    expect(steps.filter((step) => /eu-west-1: (?:create|move) .*latest/.test(step))).toEqual([]);
    const forced = await planned(scene, '--force');
    expect([forced.exitCode, forced.plan.outcome]).toEqual([3, 'todo']);
    expect(forced.steps).toContain(`make eu-west-1: move ${latest.Name} from ${another}`);

    const { exitCode: published, json } = await scene.run();
    expect(published).toBe(1);
    expect(
      json<{ publish: { images: { error?: { code: string } }[] } }>().publish.images[0]?.error?.code,
    ).toBe(plan.error?.code);
  });

  test('what is revoked only with --apply, and that latest waits for it', async ({ scene }) => {
    const ImageId = `ami-${'1'.padStart(17, '0')}`;
    const LaunchPermission = { Add: [{ UserId: '111111111111' }, { UserId: '222222222222' }] };
    const ec2 = scene.account.client(EC2Client, { region });
    await ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission }));
    const fewer = ['--share', '{"accounts": ["111111111111"]}'];
    const withheld = await planned(scene, ...fewer);
    expect(withheld.exitCode).toBe(3);
    expect(withheld.steps).toContain(
      `revoke ${region}: revoke ${ImageId} from 222222222222 (only with --apply)`,
    );
    expect(withheld.steps.filter((step) => step.includes('latest'))).toEqual([
      expect.stringMatching(/^wait us-east-1: .*not before everything is revoked/),
      expect.stringMatching(/^wait eu-west-1: .*not before everything is revoked/),
    ]);
    const applied = await planned(scene, ...fewer, '--apply');
    expect(applied.steps).toContain(`revoke ${region}: revoke ${ImageId} from 222222222222`);
    expect(applied.steps.filter((step) => step.includes('latest'))).toEqual([
      expect.stringMatching(/^make us-east-1: create .*latest/),
      expect.stringMatching(/^make eu-west-1: create .*latest/),
    ]);
  });
});
