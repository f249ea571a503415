import { expect, it } from 'vitest';
import * as api from '../src/index.ts';

it('exports these names and no others', () => {
  expect(Object.keys(api).sort()).toEqual([
    'JanitorError',
    'applyTagFix',
    'defaultMaxDeletes',
    'defaultPolicy',
    'findLeftovers',
    'findMissingTags',
    'findWorkFiles',
    'kindsInOrder',
    'parsePlan',
    'planLifetimeMs',
    'planSweep',
    'planTagFix',
    'removeWorkFiles',
    'sweep',
    'thingsToDelete',
    'totalsOf',
  ]);
});
