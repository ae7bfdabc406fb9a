import type { DocumentedApp } from '../app.js';
import { BODIES } from './bodies.js';
import { ERRORS } from './errors.js';
import { FILE_APPS } from './files.js';
import { MIDDLEWARE } from './middleware.js';
import { REQUESTS } from './requests.js';
import { RESPONSES } from './responses.js';
import { ROUTING } from './routing.js';
import { STREAMS } from './streams.js';

export const APPS: readonly DocumentedApp[] = [
  ...ROUTING,
  ...RESPONSES,
  ...REQUESTS,
  ...BODIES,
  ...ERRORS,
  ...FILE_APPS,
  ...MIDDLEWARE,
  ...STREAMS,
];
