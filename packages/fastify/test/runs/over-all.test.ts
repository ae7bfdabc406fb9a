import { describe } from 'vitest';
import { everyRun } from '../../../node/test/runs/table/index.js';
import { fastifyMount } from './mounts.js';

describe('over all', () => everyRun(fastifyMount('over all')));
describe('over all, and again in an inner context', () => everyRun(fastifyMount('nested')));
