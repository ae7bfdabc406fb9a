/** Answers that say their length: the Response is the runtime's, and whoever reads it is watched. */
import { expect, test } from 'vitest';
import { type HoldState, holdFetch } from '../src/index.js';
import { plain, RawServer } from './support/raw-server.js';

const ONCE = { retry: false } as const;
const head = (length: number, type = 'application/json'): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;

test('each way to read it gives what the runtime would have given', async () => {
  await using server = await RawServer.start((socket, { body }) => {
    socket.write(plain('\ufeffa=%C3%BC', { type: body }));
  });
  const ask = (type = 'text/plain') => holdFetch(server.url, { method: 'POST', body: type });
  expect(await (await ask()).text()).toBe('a=%C3%BC');
  expect((await (await ask()).arrayBuffer()).byteLength).toBe(11);
  const blob = await (await ask('Text/Odd')).blob();
  expect([blob.type, blob.size]).toEqual(['text/odd', 11]);
  const form = await (await ask('application/x-www-form-urlencoded')).formData();
  expect([...form.values()]).toEqual(['ü']);
});

test('it is read once, or cloned', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(plain('{"a":1}', { type: 'application/json' }));
  });
  const response = await holdFetch(server.url);
  const clone = response.clone();
  expect(await response.json()).toEqual({ a: 1 });
  expect(await clone.json()).toEqual({ a: 1 });
  expect(response.bodyUsed).toBe(true);
  await expect(response.json()).rejects.toThrow(TypeError);
  const streamed = await holdFetch(server.url);
  const reader = streamed.body?.getReader();
  await expect(streamed.text()).rejects.toThrow(TypeError);
  expect((await reader?.read())?.value?.length).toBe(7);
});

test('what is no JSON is for the parser to say', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(plain('nothing of the kind', { type: 'application/json' }));
  });
  await expect((await holdFetch(server.url)).json()).rejects.toThrow(SyntaxError);
});

test('one that comes byte by byte is no stall, however long all of it takes', async () => {
  await using server = await RawServer.start((socket) => {
    socket.write(head(9));
    let sent = 0;
    const timer = setInterval(() => {
      socket.write('"slowly!"'[sent] ?? '');
      sent += 1;
      if (sent === 9) clearInterval(timer);
    }, 60);
  });
  const response = await holdFetch(server.url, { holdOpen: { ...ONCE, maxSilenceMs: 400 } });
  expect(await response.json()).toBe('slowly!');
});

test('one that breaks off says where, and a page is told', async () => {
  await using server = await RawServer.start((socket) => {
    socket.end(`${head(70)}{"a":`);
  });
  const states: HoldState[] = [];
  const onState = (state: HoldState) => states.push(state);
  const response = await holdFetch(server.url, { holdOpen: { ...ONCE, onState } });
  await expect(response.json()).rejects.toMatchObject({ failure: 'closed', bytes: 5 });
  expect(states.map(({ state }) => state)).toEqual(['connecting', 'live', 'failed']);
});

test.each(['HEAD', 'GET'])('no body is no truncated document: %s', async (method) => {
  await using server = await RawServer.start((socket, { count }) => {
    const type = 'Content-Type: application/json\r\n';
    if (method === 'GET') socket.write(`HTTP/1.1 ${count === 1 ? 204 : 304} X\r\n${type}\r\n`);
    else socket.write(`HTTP/1.1 200 OK\r\n${type}Transfer-Encoding: chunked\r\n\r\n`);
  });
  for (const status of method === 'HEAD' ? [200, 200] : [204, 304]) {
    const response = await holdFetch(server.url, { method });
    expect([response.status, await response.text()]).toEqual([status, '']);
  }
});
