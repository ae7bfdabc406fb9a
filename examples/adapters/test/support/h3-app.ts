// The routes in h3, for every runtime that it runs on.
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventStream, type EventHandler, H3, HTTPError } from 'h3';
import { holdOf, holdOpen } from '../../src/h3.js';
import { QUICK, SILENCE_MS } from './times.js';

export function createApp(held: boolean): H3 {
  let left = 0;
  const app = new H3();
  const middleware = held ? [holdOpen(QUICK, 'route')] : [];
  const route = (path: string, handler: EventHandler): void => {
    app.all(path, handler, { middleware });
  };

  route('/fast', async (event) => {
    event.res.headers.append('set-cookie', 'a=1');
    event.res.headers.append('set-cookie', 'b=2');
    return { fast: true, body: (await event.req.text()).length };
  });
  route('/fast-sync', () => 'as it is');
  route('/fast-response', () => new Response('its own', { headers: { 'X-Own': 'yes' } }));
  route('/fast-error', () => {
    throw new HTTPError({ status: 422, message: 'in time' });
  });
  route('/slow', async (event) => {
    event.res.headers.set('Access-Control-Allow-Origin', '*');
    event.res.headers.append('set-cookie', 'a=1');
    event.res.headers.append('set-cookie', 'b=2');
    await sleep(SILENCE_MS);
    return { slow: 'ü' };
  });
  route('/created', async (event) => {
    await sleep(SILENCE_MS);
    event.res.status = 201;
    return { id: 7 };
  });
  route('/late-error', async () => {
    await sleep(SILENCE_MS);
    throw new HTTPError({ status: 422, message: 'too late' });
  });
  route('/broken', async (event) => {
    await sleep(SILENCE_MS);
    event.res.headers.set('content-type', 'application/json');
    let pulls = 0;
    return new ReadableStream({
      async pull(controller) {
        pulls += 1;
        await sleep(10);
        if (pulls > 1) throw new Error('broken');
        controller.enqueue(new TextEncoder().encode('["half",'));
      },
    });
  });
  route('/events', (event) => {
    const events = createEventStream(event);
    void (async () => {
      await events.push('1');
      await sleep(SILENCE_MS);
      await events.push('2');
      await events.close();
    })();
    return events;
  });
  route('/wait', async (event) => {
    await new Promise((resolve) => holdOf(event).signal.addEventListener('abort', resolve));
    left += 1;
  });
  app.get('/left', () => ({ left }));
  return app;
}
