import './small-heap.ts';
import nodeModule from 'node:module';
import { privateCompileCache } from './compile-cache.ts';
import { ignoresHangup } from './hangup.ts';

/* Imported before any command is loaded, for what it does. */

if (ignoresHangup(process.env)) process.on('SIGHUP', () => {});

// A third of the time until the first request is compiling the SDK. Where NODE_COMPILE_CACHE names a directory, Node has
// enabled that one already.
const compileCache = process.env.NODE_COMPILE_CACHE ? undefined : privateCompileCache(process.env);
if (compileCache !== undefined) nodeModule.enableCompileCache(compileCache);
