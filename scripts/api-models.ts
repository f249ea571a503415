import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codesOf } from './api-models/codes.ts';
import { readModel } from './api-models/model.ts';
import { operations, validated } from './api-models/operations.ts';
import { constraintsOf } from './api-models/shapes.ts';

// Writes what the repository keeps of AWS's API models:
//
//   scripts/with-node node scripts/api-models.ts DIRECTORY
//
// DIRECTORY is botocore's `data` (Debian's awscli package has one). The limits of parameters go to the emulator, which
// refuses what AWS refuses; the codes that calls can answer with go to the test that each is explained.

const [directory] = process.argv.slice(2);
if (!directory) {
  process.stderr.write('usage: api-models.ts DIRECTORY\n');
  process.exit(2);
}
const root = resolve(import.meta.dirname, '..');
const generated = '// Written by scripts/api-models.ts from the API model of the service.\n';

for (const [service, names] of Object.entries(validated)) {
  const constraints = constraintsOf(readModel(directory, service), names);
  writeFileSync(
    join(root, `packages/local-aws/src/validation/models/${service}.ts`),
    `${generated}import type { ApiModel } from '../api-model.ts';\n\nexport const ${service}Model: ApiModel = ${JSON.stringify(constraints)};\n`,
  );
}

const errors = Object.fromEntries(
  Object.entries(operations).map(([service, names]) => [
    service,
    codesOf(readModel(directory, service), names),
  ]),
);
writeFileSync(
  join(root, 'packages/cli/test/support/model-errors.ts'),
  `${generated}\n/** By service and operation: each code with its HTTP status. */\nexport const modelErrors: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>> = ${JSON.stringify(errors)};\n`,
);
