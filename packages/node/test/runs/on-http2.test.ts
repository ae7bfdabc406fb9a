import { listenerMount } from './support/node-mounts.js';
import { everyRun } from './table/index.js';

everyRun(listenerMount('h2c'));
