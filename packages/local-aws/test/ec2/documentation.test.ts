import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ec2Operations } from '../../src/ec2/operations.ts';
import { ssmOperations } from '../../src/ssm/ssm-operations.ts';

const readme = readFile(join(import.meta.dirname, '../../README.md'), 'utf8');

it.each([...Object.keys(ec2Operations), ...Object.keys(ssmOperations)])(
  'the README names %s',
  async (operation) => {
    expect(await readme).toMatch(new RegExp(`\\b${operation}\\b`));
  },
);
