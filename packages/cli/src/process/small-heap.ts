import { setFlagsFromString } from 'node:v8';

/*
 * Imported before everything else, for what it does.
 *
 * Nearly all that the commands allocate is garbage at once: answers of AWS of which a few ids are kept, modules being
 * loaded. V8 would let the heap grow to four times what lives in it before it looks: measured on the scan of an account
 * of 170,000 resources, 350 MiB against 250 with these limits, for a sixth more processor time. Both are heuristics that
 * V8 reads at each collection, so they may be set while it runs.
 */
setFlagsFromString('--heap-growing-percent=50');
setFlagsFromString('--semi-space-growth-factor=1');
