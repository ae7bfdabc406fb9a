import { middlewareMount } from './support/node-mounts.js';
import { everyRun } from './table/index.js';

everyRun(middlewareMount);
