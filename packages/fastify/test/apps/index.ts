import type { DocumentedApp } from './app.js';
import { content } from './content.js';
import { failures } from './failures.js';
import { handlers } from './handlers.js';
import { lifecycle } from './lifecycle.js';
import { payloads } from './payloads.js';
import { plugins } from './plugins.js';

export const documentedApps: readonly DocumentedApp[] = [
  ...handlers,
  ...payloads,
  ...failures,
  ...lifecycle,
  ...content,
  ...plugins,
];
