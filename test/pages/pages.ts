// The pages that people read: the README, SECURITY.md, docs/, and those of packages and examples.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** Paths from the root. */
export function pages(): string[] {
  const within = (folder: string, file: string) =>
    readdirSync(ROOT + folder).map((name) => `${folder}/${name}${file}`);
  return [
    'README.md',
    'SECURITY.md',
    'bench/README.md',
    ...within('docs', '').filter((path) => path.endsWith('.md')),
    ...within('packages', '/README.md'),
    ...within('examples', '/README.md'),
  ].filter((path) => existsSync(ROOT + path));
}

export function read(page: string): string {
  return readFileSync(ROOT + page, 'utf8');
}

/** What a link can lead to in a page, as GitHub makes it of its headings. */
export function anchors(page: string): string[] {
  const prose = read(page).replaceAll(/^```.*?^```/gms, '');
  const seen = new Map<string, number>();
  return [...prose.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** Where the links and pictures of a page lead to, code left out. */
export function links(page: string): string[] {
  const prose = read(page)
    .replaceAll(/^```.*?^```/gms, '')
    .replaceAll(/(`+).*?\1/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}
