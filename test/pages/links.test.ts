import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchors, links, pages, ROOT } from './pages.js';

/** What is published on npm is read there, where a path leads nowhere. */
const OWN =
  /^https:\/\/(?:github\.com\/holdopen\/holdopen|raw\.githubusercontent\.com\/holdopen\/holdopen)(?:\/(?:(?:blob|tree|raw)\/)?main)?(?:\/|#|$)/;

/** The path in the repository, with its anchor; `undefined` for a link to somewhere else. */
function placeOf(page: string, target: string): string | undefined {
  if (OWN.test(target)) {
    const rest = target.replace(OWN, target.includes('#') && !target.includes('main') ? '#' : '');
    return rest === '' || rest.startsWith('#')
      ? `README.md${rest === '#readme' ? '' : rest}`
      : rest;
  }
  if (/^[a-z]+:/.test(target)) return undefined;
  if (target.startsWith('#')) return page + target;
  return posix.join(posix.dirname(page), target);
}

/** Why nobody gets there, if so. */
function fault(place: string): string | undefined {
  const [path = '', anchor] = place.split('#');
  if (!existsSync(ROOT + path)) return 'is not there';
  if (anchor === undefined) return undefined;
  const page = statSync(ROOT + path).isDirectory() ? posix.join(path, 'README.md') : path;
  if (!page.endsWith('.md') || anchors(page).includes(anchor)) return undefined;
  return 'has no such heading';
}

describe.each(pages())('%s', (page) => {
  test('has no link that leads nowhere', () => {
    const wrong = links(page).flatMap((target) => {
      const place = placeOf(page, target);
      const why = place === undefined ? undefined : fault(place);
      return why === undefined ? [] : [`${target}: ${why}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(pages().filter((page) => page.startsWith('packages/')))('on npm, %s', (page) => {
  test('leads out of itself by whole addresses', () => {
    expect(links(page).filter((target) => !/^(?:https:|#)/.test(target))).toEqual([]);
  });
});

test('a link that leads nowhere would be seen', () => {
  expect(fault('docs/nowhere.md')).toBe('is not there');
  expect(fault('docs/wire.md#no-such-heading')).toBe('has no such heading');
  expect(fault('docs/wire.md#the-late-head')).toBeUndefined();
  expect(placeOf('docs/wire.md', 'runs.md#shutdown')).toBe('docs/runs.md#shutdown');
  const home = 'https://github.com/holdopen/holdopen';
  expect(placeOf('packages/cli/README.md', `${home}/blob/main/docs/wire.md`)).toBe('docs/wire.md');
  expect(placeOf('packages/cli/README.md', `${home}#options`)).toBe('README.md#options');
});
