// The npm package. It has no time-out; its fetch is given one.
import { EventSource } from 'eventsource';
import { answer } from './answer.mjs';
import { impatientFetch } from './impatient-fetch.mjs';

await answer(async ({ url, timeoutMs }, got) => {
  const source = new EventSource(url, { fetch: impatientFetch(timeoutMs) });
  /** @type {unknown[]} */
  const events = [];
  got.events = events;
  try {
    await new Promise((resolve, reject) => {
      source.onmessage = ({ data }) => {
        events.push(data);
        if (data === 'last') resolve(undefined);
      };
      source.addEventListener('error', (event) => {
        // The server's own event of this name comes here, too.
        if ('data' in event) {
          events.push({ error: event.data });
          resolve(undefined);
          return;
        }
        const message = 'message' in event && event.message ? ` (${event.message})` : '';
        reject(new Error(`an error event${message}; it connects again`));
      });
    });
  } finally {
    source.close();
  }
});
