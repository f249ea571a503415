import { expect, it } from 'vitest';
import * as api from '../src/index.ts';

it('exports these names and no others', () => {
  expect(Object.keys(api).sort()).toEqual([
    'JanitorError',
    'applyTagFix',
    'byName',
    'checkSavedPlan',
    'countedDeletes',
    'defaultMaxDeletes',
    'defaultPolicy',
    'explainMissing',
    'findAmis',
    'findLeftovers',
    'findMissingTags',
    'findRecycled',
    'findUnfinished',
    'findWorkFiles',
    'kindsInOrder',
    'narrowPlan',
    'parsePlan',
    'planLifetimeMs',
    'planRetirement',
    'planSweep',
    'planTagFix',
    'removeWorkFiles',
    'resourcesToChange',
    'resourcesToDelete',
    'sweep',
    'totalsOf',
  ]);
});
