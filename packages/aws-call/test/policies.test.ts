import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Policy, policies } from '@ec2-image/aws-call';
import { expect, test } from 'vitest';

const page = fileURLToPath(new URL('../../../docs/architecture.md', import.meta.url));

function duration(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms >= 3_600_000) return `${ms / 3_600_000} h`;
  return ms >= 60_000 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

function rowOf([name, policy]: [string, Policy]): string {
  const { firstMs, longestMs, limitMs, attempts, attemptMs, reason } = policy;
  const limit = [
    attempts !== undefined && `${attempts} attempts`,
    attemptMs !== undefined && `${duration(attemptMs)} each`,
    limitMs !== undefined && duration(limitMs),
  ].filter(Boolean);
  return `| \`${name}\` | ${duration(firstMs)} | ${duration(longestMs)} | ${limit.join(', ')} | ${reason} |`;
}

test('every policy ends, and says why it ends then', () => {
  for (const [name, policy] of Object.entries(policies)) {
    expect(policy.reason, name).toMatch(/\.$/);
    expect('limitMs' in policy || 'attempts' in policy, name).toBe(true);
    expect(policy.firstMs, name).toBeLessThanOrEqual(policy.longestMs);
  }
});

test('docs/architecture.md shows the table as it is', async () => {
  const table = [
    '| policy | first pause | longest pause | given up after | why |',
    '|---|---|---|---|---|',
    ...Object.entries(policies).map(rowOf),
  ].join('\n');
  const [before, after] = (await readFile(page, 'utf8')).split(
    /(?<=<!-- policies: [^\n]*-->\n)[\s\S]*(?=<!-- \/policies -->)/,
  );
  await expect(`${before}${table}\n${after}`).toMatchFileSnapshot(page);
});
