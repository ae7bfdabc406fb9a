// `npm run api`: writes down what each package exports, in packages/*/etc/*.api.md.
// `npm run api -- --check`: fails if that differs from what was written down, so that nobody changes it unmeant.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import apiExtractor from '@microsoft/api-extractor';
import { root, say } from './run.mjs';

const { Extractor, ExtractorConfig, ExtractorLogLevel } = apiExtractor;

/** The types are the built ones; these only have to make sense of them. */
const compilerOptions = {
  target: 'ES2023',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
};

/**
 * @param {{ check: boolean }} options `check`: change nothing, and tell what differs
 * @returns {string[]} the reports that differ from what the packages export
 */
export function reportApis({ check }) {
  const scratch = mkdtempSync(join(tmpdir(), 'holdopen-api-'));
  try {
    return publicEntries()
      .filter((entry) => !isAsWrittenDown(entry, scratch, check))
      .map(({ report }) => report);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** @typedef {{ folder: string, types: string, name: string, report: string }} Entry */

/** @returns {Entry[]} */
function publicEntries() {
  return readdirSync(`${root}packages`)
    .map((name) => `${root}packages/${name}`)
    .filter((folder) => existsSync(`${folder}/package.json`))
    .flatMap((folder) => {
      const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      if (manifest.private) return [];
      return Object.entries(manifest.exports).map(([path, { types }]) => {
        const name = path === '.' ? 'index' : path.slice(2);
        return { folder, types: join(folder, types), name, report: `${folder}/etc/${name}.api.md` };
      });
    });
}

/**
 * @param {Entry} entry
 * @param {string} scratch
 * @param {boolean} check
 */
function isAsWrittenDown({ folder, types, name }, scratch, check) {
  mkdirSync(`${folder}/etc`, { recursive: true });
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: types,
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFolder: `${folder}/etc`,
        reportTempFolder: scratch,
        reportFileName: `${name}.api.md`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      compiler: { overrideTsconfig: { compilerOptions, include: [types] } },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        // How comments are written is the linter's business.
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${folder}/package.json`,
  });
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: !check,
    messageCallback(message) {
      if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true;
    },
  });
  if (errorCount > 0) throw new Error(`${types} does not compile`);
  return !apiReportChanged;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  const changed = reportApis({ check });
  for (const report of changed)
    say(`${check ? 'differs' : 'written'}: ${report.slice(root.length)}`);
  if (check && changed.length > 0) {
    say('What is exported has changed. If that is meant: npm run api, and a changeset.');
    process.exitCode = 1;
  }
}
