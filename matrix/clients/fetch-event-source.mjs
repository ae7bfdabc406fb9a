import { answer } from './answer.mjs';
import { impatientFetch } from './impatient-fetch.mjs';

await answer(async ({ url, mode, timeoutMs }, got) => {
  // The package is for browsers: it looks at these two, and nothing else of them.
  Object.assign(globalThis, {
    window: globalThis,
    document: { hidden: false, addEventListener() {}, removeEventListener() {} },
  });
  const { fetchEventSource } = await import('@microsoft/fetch-event-source');
  /** @type {unknown[]} */
  const events = [];
  got.events = events;
  await fetchEventSource(url, {
    method: mode === 'json' ? 'POST' : 'GET',
    fetch: impatientFetch(timeoutMs),
    openWhenHidden: true,
    onmessage: ({ event, data }) => events.push(event === '' ? data : { [event]: data }),
    onerror(error) {
      // Otherwise it tries again for ever.
      throw error;
    },
  });
});
