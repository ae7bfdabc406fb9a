import { answer } from './answer.mjs';
import { inChromium } from './chromium.mjs';

await answer(async ({ url, mode }, got) => {
  const told = await inChromium(url, mode, async ({ url }) => {
    /** @type {unknown[]} */
    const events = [];
    const source = new EventSource(url);
    const error = await new Promise((resolve) => {
      source.onmessage = ({ data }) => {
        events.push(data);
        if (data === 'last') resolve(undefined);
      };
      source.onerror = (event) => {
        // The server's own event of this name comes here, too.
        if (event instanceof MessageEvent) {
          events.push({ error: event.data });
          resolve(undefined);
        } else
          resolve(source.readyState === 0 ? 'an error event; it connects again' : 'an error event');
      };
    });
    source.close();
    return { events, error };
  });
  got.events = told.events;
  if (told.error) got.error = String(told.error);
});
