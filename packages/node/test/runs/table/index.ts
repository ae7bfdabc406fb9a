import { describe } from 'vitest';
import type { Mount } from '../support/index.js';
import { bodies } from './bodies.js';
import { connections } from './connections.js';
import { events } from './events.js';
import { heldAnswers } from './held.js';
import { keys } from './keys.js';
import { readers } from './readers.js';
import { surroundings } from './surroundings.js';

/** What runs do wherever holdOpen is mounted on Node. */
export function everyRun(mount: Mount): void {
  describe('a key', () => keys(mount));
  describe('a connection', () => connections(mount));
  describe('an event stream', () => events(mount));
  describe('a held answer', () => heldAnswers(mount));
  describe('a body', () => bodies(mount));
  describe('the surroundings', () => surroundings(mount));
  describe('a body that others read', () => readers(mount));
}
