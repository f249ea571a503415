import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const noticesFile = 'THIRD-PARTY-NOTICES.txt';
const dist = new URL('../dist/', import.meta.url);

test('the bundle carries the licence of every package in it', async () => {
  const notices = await readFile(new URL(noticesFile, dist), 'utf8');
  // Each of these leaves its own words in the bundle.
  for (const [name, license] of [
    ['clipanion', 'MIT'],
    ['undici', 'MIT'],
    ['zod', 'MIT'],
    ['yaml', 'ISC'],
    ['@aws-sdk/client-ec2', 'Apache-2.0'],
    ['@aws-sdk/client-s3', 'Apache-2.0'],
  ])
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(${license}\\)$`, 'm'));
  expect(notices).toContain('Permission is hereby granted, free of charge');
  expect(notices).toContain('Apache License');
  // These stay packages of their own, with their own licences.
  expect(notices).not.toMatch(/^openpgp |^@ec2-image\//m);
  expect(notices).not.toContain(fileURLToPath(new URL('../../..', import.meta.url)));
});

test('each package in it is named once', async () => {
  const notices = await readFile(new URL(noticesFile, dist), 'utf8');
  const names = notices.match(/^(?:@[\w.-]+\/)?[\w.-]+ \d+\.\d+\.\d+\S* \(.+\)$/gm) ?? [];
  expect(names.length).toBeGreaterThan(20);
  expect(new Set(names).size).toBe(names.length);
  expect(await readdir(dist)).toContain('bin.js');
});
