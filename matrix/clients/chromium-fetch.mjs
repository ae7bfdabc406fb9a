import { answer } from './answer.mjs';
import { inChromium } from './chromium.mjs';

await answer(async ({ url, mode }, got) => {
  const told = await inChromium(url, mode, async ({ url, mode }) => {
    /** @type {import('./answer.mjs').Answer} */
    const got = {};
    try {
      const accept = mode === 'json' ? 'application/json' : 'text/event-stream';
      const request = mode === 'json' ? { method: 'POST', body: '{}' } : {};
      const response = await fetch(url, { ...request, headers: { accept } });
      got.status = response.status;
      if (mode === 'json') got.got = await response.json();
      else {
        got.text = '';
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
          got.text += part.value;
        }
      }
    } catch (error) {
      got.error = String(error);
    }
    return got;
  });
  Object.assign(got, told);
});
