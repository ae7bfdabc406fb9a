import { expect, test } from 'vitest';
import { HIDDEN_AT_COMMIT } from '../src/index.js';

test('conditions of reading are hidden from whoever answers after the commit', () => {
  for (const name of ['if-none-match', 'if-modified-since', 'range', 'if-range']) {
    expect(HIDDEN_AT_COMMIT).toContain(name);
  }
});

test('those of writing are not: a guarded PATCH stays guarded, and its 412 is told late', () => {
  for (const name of ['if-match', 'if-unmodified-since']) {
    expect(HIDDEN_AT_COMMIT).not.toContain(name);
  }
});
