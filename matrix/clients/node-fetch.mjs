// Node's own fetch. Its time-outs for silence, 300 s, can be set by a dispatcher alone.
import { Agent } from 'undici';
import { answer } from './answer.mjs';
import { callFetch } from './call-fetch.mjs';

await answer((asked, got) => {
  const { timeoutMs } = asked;
  /** @type {object} the types of Node's fetch are of an older undici */
  const impatient = {
    dispatcher: new Agent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, allowH2: true }),
  };
  return callFetch((url, init) => fetch(url, { ...init, ...impatient }), asked, got);
});
