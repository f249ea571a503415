import { expect, it } from 'vitest';
import * as api from '../src/index.ts';

it('exports these names and no others', () => {
  expect(Object.keys(api).sort()).toEqual([
    'JanitorError',
    'applyTagFix',
    'checkSavedPlan',
    'defaultMaxDeletes',
    'defaultPolicy',
    'explainMissing',
    'findLeftovers',
    'findMissingTags',
    'findWorkFiles',
    'kindsInOrder',
    'narrowPlan',
    'parsePlan',
    'planLifetimeMs',
    'planSweep',
    'planTagFix',
    'removeWorkFiles',
    'resourcesToDelete',
    'sweep',
    'totalsOf',
  ]);
});
