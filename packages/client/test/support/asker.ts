// Asks as it is told, in whichever runtime it is: one question a line on stdin, one answer on stdout.
import { createInterface } from 'node:readline';
import { ask, type Question } from './ask.js';

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ said: await ask(JSON.parse(line) as Question) }));
}
