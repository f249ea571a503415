/**
 * Before each file of tests: the SDK reads `process.env` itself, and nothing of the developer's own may be in it, nor
 * what another file has left there.
 */
import { ownEnvironment } from './run-cli.ts';

for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
Object.assign(process.env, ownEnvironment);
