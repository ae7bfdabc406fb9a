import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineEndReplacer } from '../src/late/line-ends.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const pieces = fc.array(fc.array(fc.constantFrom('\r', '\n', 'a', 'ä', ','), { maxLength: 8 }), {
  maxLength: 8,
});

test.each([
  ['text', (piece: string) => piece],
  ['bytes', (piece: string) => encoder.encode(piece)],
])(
  'each chunk of %s leaves as one, with its line ends replaced however they are split',
  (_kind, toChunk) => {
    fc.assert(
      fc.property(pieces, (given) => {
        const texts = given.map((characters) => characters.join(''));
        const lines = new LineEndReplacer('<end>');
        const replaced = texts.map((text) => lines.replace(toChunk(text)));
        const joined = replaced
          .map((chunk) => (typeof chunk === 'string' ? chunk : decoder.decode(chunk)))
          .join('');
        expect(joined).toBe(texts.join('').replace(/\r\n|\r|\n/g, '<end>'));
      }),
    );
  },
);

test('a chunk without line ends is handed on as it is', () => {
  const bytes = encoder.encode('{"a":1}');
  expect(new LineEndReplacer(' ').replace(bytes)).toBe(bytes);
});
