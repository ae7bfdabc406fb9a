import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { answer } from './answer.mjs';
import { impatientFetch } from './impatient-fetch.mjs';

/** Its own time-out is a total; this one is only there to end what would never end. */
const TOTAL_MS = 15_000;

await answer(async ({ url, mode, timeoutMs }, got) => {
  const client = new Client({ name: 'matrix', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      fetch: impatientFetch(timeoutMs),
      reconnectionOptions: {
        maxRetries: 0,
        initialReconnectionDelay: 100,
        maxReconnectionDelay: 100,
        reconnectionDelayGrowFactor: 1,
      },
    }),
  );
  /** @type {unknown[]} */
  const events = [];
  if (mode === 'events') got.events = events;
  const result = await client.callTool({ name: 'hold' }, undefined, {
    timeout: TOTAL_MS,
    ...(mode === 'events' && { onprogress: ({ message }) => events.push(message) }),
  });
  const texts = Array.isArray(result.content) ? result.content.map(({ text }) => text) : [result];
  if (mode === 'events') events.push(...texts);
  else got.got = texts[0];
});
