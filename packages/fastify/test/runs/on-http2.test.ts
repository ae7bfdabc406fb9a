import { everyRun } from '../../../node/test/runs/table/index.js';
import { fastifyMount } from './mounts.js';

everyRun(fastifyMount('over all', 'h2c'));
