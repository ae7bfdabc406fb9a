export { type HoldListener, type RunListener, watchHolds, watchRuns } from './watch.js';
