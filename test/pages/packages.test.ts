import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOT, read } from './pages.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly keywords: readonly string[];
}

const manifests = readdirSync(`${ROOT}packages`)
  .filter((folder) => existsSync(`${ROOT}packages/${folder}/package.json`))
  .map((folder) => ({
    folder,
    manifest: JSON.parse(read(`packages/${folder}/package.json`)) as Manifest,
  }))
  .filter(({ manifest }) => manifest.private !== true);

const changesets = readdirSync(`${ROOT}.changeset`)
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(`${ROOT}.changeset/${name}`, 'utf8'))
  .join('\n');

describe.each(manifests)('packages/$folder, as npm shows it', ({ folder, manifest }) => {
  test('says what it is, whose, and where it comes from', () => {
    const home = 'https://github.com/holdopen/holdopen';
    expect(manifest).toMatchObject({
      description: expect.stringMatching(/^[A-Za-z].{20,}\.$/),
      license: 'MIT',
      homepage: `${home}/tree/main/packages/${folder}#readme`,
      bugs: `${home}/issues`,
      // What npm compares with where a provenance was made.
      repository: { type: 'git', url: `git+${home}.git`, directory: `packages/${folder}` },
      type: 'module',
      engines: { node: '>=20.19' },
      publishConfig: { access: 'public' },
    });
    expect(manifest.keywords).toContain('http');
  });

  test('has a page that says how it is installed', () => {
    const page = read(`packages/${folder}/README.md`);
    expect(page).toMatch(new RegExp(`^# ${manifest.name}\n`));
    expect(page).toMatch(
      new RegExp(`npm install (--save-dev )?${manifest.name}\\b|npx ${manifest.name} `),
    );
  });

  test('has something to tell of its next version, or of those before', () => {
    const isTold = changesets.includes(`'${manifest.name}':`);
    expect(isTold || existsSync(`${ROOT}packages/${folder}/CHANGELOG.md`)).toBe(true);
  });
});
