/**
 * For Node.js before 24, which runs TypeScript but does not know `using`: sources that have it are lowered as they are
 * loaded. `scripts/with-node` loads this into every process there, so that tests may start processes from sources.
 */
import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

registerHooks({
  resolve(specifier, context, nextResolve) {
    // The helpers that lowered code imports are this workspace's, whichever package it is of.
    const helper = specifier.startsWith('@oxc-project/runtime/');
    return nextResolve(specifier, helper ? { ...context, parentURL: import.meta.url } : context);
  },
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
    const path = fileURLToPath(url);
    const source = readFileSync(path, 'utf8');
    if (!/\busing \w/.test(source)) return nextLoad(url, context);
    // Loaded when the first source needs it: it is not there before the packages are installed.
    const { transformSync } = require('rolldown/utils');
    const { code, errors } = transformSync(path, source, { target: 'node22.19' });
    if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0].message}`);
    return { format: 'module', source: code, shortCircuit: true };
  },
});
