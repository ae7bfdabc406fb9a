import { ANSWERS } from './answers.js';
import type { DocumentedApp } from './app.js';
import { MIDDLEWARE } from './middleware.js';

export const APPS: readonly DocumentedApp[] = [...ANSWERS, ...MIDDLEWARE];
