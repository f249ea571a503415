import { expect, test } from 'vitest';
import { renderErrorDocument } from '../src/render/error-document.ts';

test('docs/errors.md is what the table of codes gives', async () => {
  await expect(renderErrorDocument()).toMatchFileSnapshot('../../../docs/errors.md');
});
