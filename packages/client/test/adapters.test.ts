/** The same answers behind each adapter of this project, over HTTP/1.1 and HTTP/2. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificate } from '../../node/test/held/support/certificate.js';
import { createAgent, createFetch } from '../src/node.js';
import type { App } from './support/apps.js';
import { ANSWERS_TOLD, CELLS, EVENTS_TOLD, TlsApp, type Version } from './support/tls-app.js';
import { tellAnswer, tellEvents } from './support/told.js';

/** The app on TLS, and a `fetch` that speaks one version of HTTP with it. */
async function serve(app: App, version: Version) {
  const server = await TlsApp.start(app, version);
  const agent = createAgent({ allowH2: version === '2.0', connect: { ca: certificate.cert } });
  onTestFinished(async () => {
    await agent.destroy();
    await server[Symbol.asyncDispose]();
  });
  return { server, holdOpen: { fetch: createFetch(agent) } };
}

describe.each(CELLS)('$name over HTTP/$version', ({ app, version }) => {
  test.each(ANSWERS_TOLD)('%s has its true status', async (path, told) => {
    const { server, holdOpen } = await serve(app, version);
    const answer = await tellAnswer(server.url + path, { method: 'POST', holdOpen });
    expect(answer).toMatchObject(told);
    expect([...server.versions]).toEqual([version]);
  });

  test('events come without beats', async () => {
    const { server, holdOpen } = await serve(app, version);
    expect(await tellEvents(`${server.url}/events`, { holdOpen })).toEqual(EVENTS_TOLD);
    expect([...server.versions]).toEqual([version]);
  });
});
