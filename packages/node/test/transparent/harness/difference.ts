import type { Observation } from './http1.js';

/** Why an observation says nothing, which is a fault of the shape or of what stands around it. */
export function voidReasonOf({ lines }: Observation): string | undefined {
  if (lines.includes('STALLED')) return `stalled after "${stepsOf(lines).at(-1)}"`;
  return lines.length < 3 ? 'the handler was not called' : undefined;
}

/** The first thing in which two observations differ. */
export function differenceOf(plain: Observation, held: Observation): string | undefined {
  if (plain.bytes !== held.bytes) {
    const at = [...plain.bytes].findIndex((char, index) => held.bytes[index] !== char);
    const from = Math.max(0, at - 60);
    return `bytes at ${at}: ${JSON.stringify(plain.bytes.slice(from, at + 200))} became ${JSON.stringify(held.bytes.slice(from, at + 200))}`;
  }
  for (let i = 0; i < Math.max(plain.lines.length, held.lines.length); i += 1) {
    if (plain.lines[i] !== held.lines[i]) return lineDifference(plain.lines, held.lines, i);
  }
  return undefined;
}

/** What happened, without what could be read at that moment. */
function stepsOf(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.includes('   ') && line !== 'STALLED');
}

function lineDifference(plain: readonly string[], held: readonly string[], at: number): string {
  const before = stepsOf(plain.slice(0, at)).at(-1);
  const [expected = '(nothing)', given = '(nothing)'] = [plain[at], held[at]];
  const words = expected.split(' ');
  const others = given.split(' ');
  const first = words.findIndex((word, index) => word !== others[index]);
  return `after "${before}": ${excerpt(words, first)} | became ${excerpt(others, first)}`;
}

function excerpt(words: readonly string[], at: number): string {
  const around = words.slice(Math.max(0, at - 1), at + 12);
  return `${words.slice(0, 3).join(' ')} … ${around.join(' ')}`;
}
