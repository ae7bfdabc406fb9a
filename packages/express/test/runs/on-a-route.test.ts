import { describe } from 'vitest';
import { everyRun } from '../../../node/test/runs/table/index.js';
import { VERSIONS } from '../support/index.js';
import { expressMount } from './mounts.js';

describe.each(VERSIONS)('on a route of $name', ({ express }) => {
  everyRun(expressMount(express, 'route'));
});
