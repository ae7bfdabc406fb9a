export { type HoldListener, watchHolds } from './watch.js';
