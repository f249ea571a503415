/**
 * Whether the workspace's imports keep to its structure: no circle and no upward import within a package, imports of
 * types included, and no import against the layers of the packages (scripts/imports/layers.ts).
 *
 * A program of our own: dependency-cruiser and skott read TypeScript through the compiler's JavaScript API, which
 * TypeScript 7 does not have, and neither finds circles among folders.
 */
import { fileURLToPath } from 'node:url';
import { checkImports } from './imports/check-imports.ts';
import { forTests, layers, unconnected } from './imports/layers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const offences = checkImports({ root, layers, forTests, unconnected });
for (const offence of offences) console.error(offence);
process.exitCode = offences.length === 0 ? 0 : 1;
