import { fileURLToPath } from 'node:url';
import type { Places } from './pages.js';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Of this repository. */
export const PLACES: Places = {
  results: at('bench/results'),
  performancePage: at('docs/performance.md'),
  capacityPage: at('docs/capacity.md'),
  pictures: at('docs/performance'),
  picturesAsLinked: 'performance',
};
