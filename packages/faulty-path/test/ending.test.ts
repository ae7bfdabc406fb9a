import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { dial, errorOf, gather, join, openPath, readAll, silentServer } from './support/ends.js';

const server = silentServer();
const RESET = { code: 'ECONNRESET' };

describe('idle-kill', () => {
  test('resets both sides after the idle time', async () => {
    const { path, client, target } = await join({
      target: server.port,
      faults: [{ type: 'idle-kill', afterMs: 300 }],
    });
    const start = performance.now();
    const [atClient, atTarget] = await Promise.all([errorOf(client), errorOf(target)]);
    expect(atClient).toMatchObject(RESET);
    expect(atTarget).toMatchObject(RESET);
    expect(performance.now() - start).toBeGreaterThan(250);
    expect((await path.closed(1)).end).toEqual({ by: 'path', how: 'rst', why: 'idle-kill' });
  });

  test.each(['client', 'target'] as const)(
    'is put off by a byte from the %s alone',
    async (from) => {
      const { path, client, target } = await join({
        target: server.port,
        faults: [{ type: 'idle-kill', afterMs: 1_000 }],
      });
      client.resume();
      target.resume();
      const sender = from === 'client' ? client : target;
      let lastByte = 0;
      for (let beat = 0; beat < 8; beat++) {
        lastByte = performance.now();
        sender.write('.');
        await delay(200);
      }
      expect(path.connections[0]?.end).toBeUndefined();
      await errorOf(client);
      expect(performance.now() - lastByte).toBeGreaterThan(700);
    },
  );

  test('can end with a FIN', async () => {
    const { client, target } = await join({
      target: server.port,
      faults: [{ type: 'idle-kill', afterMs: 100, how: 'fin' }],
    });
    await Promise.all([readAll(client), readAll(target)]);
    client.end();
    target.end();
    expect(await errorOf(client)).toBeNull();
  });

  test('can forget the connection without a word', async () => {
    const { path, client, target } = await join({
      target: server.port,
      faults: [{ type: 'idle-kill', afterMs: 100, how: 'black-hole' }],
    });
    const got = gather(client);
    await path.waitFor(({ connections }) => connections[0]?.end !== undefined);
    target.end('too late');
    await delay(200);
    expect(got).toEqual({ text: '', ended: false });
    expect(path.connections[0]).toMatchObject({ state: 'open', end: { how: 'black-hole' } });
  });

  test('is put off as often as there are several, and the shortest counts', async () => {
    const { path, client, target } = await join({
      target: server.port,
      faults: [
        { type: 'idle-kill', afterMs: 1_000, how: 'fin' },
        { type: 'idle-kill', afterMs: 60_000 },
      ],
    });
    client.resume();
    for (let beat = 0; beat < 8; beat++) {
      target.write('.');
      await delay(200);
    }
    expect(path.connections[0]?.end).toBeUndefined();
    await once(client, 'end');
    expect(path.connections[0]?.end).toEqual({ by: 'path', how: 'fin', why: 'idle-kill' });
  });

  test('never comes at Infinity', async () => {
    const { client, target } = await join({
      target: server.port,
      faults: [{ type: 'idle-kill', afterMs: Number.POSITIVE_INFINITY }],
    });
    await delay(100);
    target.end('still here');
    expect(await readAll(client)).toBe('still here');
  });
});

test('total-kill ends a connection however much moves on it', async () => {
  const { path, client, target } = await join({
    target: server.port,
    faults: [{ type: 'total-kill', afterMs: 300 }],
  });
  const beats = setInterval(() => target.write('.'), 20);
  expect(await errorOf(client)).toMatchObject(RESET);
  clearInterval(beats);
  const { end, responseBytes } = await path.closed(1);
  expect(end).toEqual({ by: 'path', how: 'rst', why: 'total-kill' });
  expect(responseBytes).toBeGreaterThan(5);
});

describe('cut', () => {
  test.each(['fin', 'rst', 'black-hole'] as const)(
    'lets exactly N bytes of the response through, then %s',
    async (how) => {
      const { path, client, target } = await join({
        target: server.port,
        faults: [{ type: 'cut', atByte: 7, how }],
      });
      const got = gather(client);
      target.write('01234');
      await path.waitFor(({ connections }) => connections[0]?.responseBytes === 5);
      target.write('56789');
      if (how === 'black-hole') {
        await path.waitFor(({ connections }) => connections[0]?.responseBytes === 7);
        target.end('more');
        await delay(150);
        expect(got.ended).toBe(false);
      } else if (how === 'rst') {
        expect(await errorOf(client)).toMatchObject(RESET);
        expect(got.ended).toBe(false);
        expect(await errorOf(target)).toMatchObject(RESET);
      } else {
        await once(client, 'end');
        client.end();
        expect(await errorOf(client)).toBeNull();
      }
      expect(got.text).toBe('0123456');
      expect(path.connections[0]).toMatchObject({
        responseBytes: 7,
        end: { by: 'path', how, why: 'cut' },
      });
    },
  );

  test('of the request leaves the server with the first N bytes', async () => {
    const { path, client, target } = await join({
      target: server.port,
      faults: [{ type: 'cut', of: 'request', atByte: 4, how: 'fin' }],
    });
    client.write('question');
    expect(await readAll(target)).toBe('ques');
    expect(path.connections[0]).toMatchObject({ requestBytes: 4 });
  });

  test.each([1, 2, 3, 50])(
    'from the body on counts behind the head, in pieces of %i',
    async (size) => {
      const { client, target } = await join({
        target: server.port,
        faults: [{ type: 'cut', atByte: 3, from: 'body', how: 'fin' }],
      });
      const answer = 'HTTP/1.1 200 OK\r\nA: b\r\n\r\nabcdef';
      target.setNoDelay(true);
      const got = gather(client);
      for (let at = 0; at < answer.length; at += size) {
        target.write(answer.slice(at, at + size));
        await delay(1);
      }
      await vi.waitFor(() => expect(got.ended).toBe(true));
      expect(got.text).toBe('HTTP/1.1 200 OK\r\nA: b\r\n\r\nabc');
    },
  );

  test('of several the first that is reached counts', async () => {
    const { path, client, target } = await join({
      target: server.port,
      faults: [
        { type: 'cut', atByte: 8 },
        { type: 'cut', atByte: 3, how: 'fin' },
        { type: 'cut', atByte: 5 },
      ],
    });
    target.write('0123456789');
    expect(await readAll(client)).toBe('012');
    expect(path.connections[0]?.end).toEqual({ by: 'path', how: 'fin', why: 'cut' });
  });

  test('at byte 0 loses the whole response', async () => {
    const { client, target } = await join({
      target: server.port,
      faults: [{ type: 'cut', atByte: 0 }],
    });
    const got = gather(client);
    target.write('answer');
    expect(await errorOf(client)).toMatchObject(RESET);
    expect(got.text).toBe('');
  });
});

describe('connections that never begin', () => {
  test.each(['rst', 'fin'] as const)('refuse closes at once: %s', async (how) => {
    const path = await openPath({ target: server.port, faults: [{ type: 'refuse', how }] });
    const client = dial(path);
    client.on('end', () => client.end());
    const error = await errorOf(client);
    if (how === 'rst') expect(error).toMatchObject(RESET);
    else expect(error).toBeNull();
    expect((await path.closed(1)).end).toEqual({ by: 'path', how, why: 'refuse' });
  });

  test('silence accepts, answers nothing, and the target never hears of it', async () => {
    const path = await openPath({
      target: () => {
        throw new Error('was asked');
      },
      faults: [{ type: 'silence' }],
    });
    const client = dial(path);
    const got = gather(client);
    client.write('question');
    await delay(150);
    expect(got).toEqual({ text: '', ended: false });
    client.end();
    expect((await path.closed(1)).end).toEqual({ by: 'client', how: 'fin' });
  });
});

describe('on the fly', () => {
  test.each(['rst', 'fin'] as const)('killAll ends every connection: %s', async (how) => {
    const { path, client } = await join({ target: server.port });
    const other = dial(path);
    await path.waitFor(({ connections }) => connections.length === 2);
    for (const socket of [client, other]) socket.on('end', () => socket.end());
    expect(path.killAll(how)).toBe(2);
    const errors = await Promise.all([errorOf(client), errorOf(other)]);
    for (const error of errors) {
      if (how === 'rst') expect(error).toMatchObject(RESET);
      else expect(error).toBeNull();
    }
    expect((await path.closed(2)).end).toEqual({ by: 'path', how, why: 'killAll' });
  });

  test('pause holds everything back, its end too, and resume lets it go', async () => {
    const { path, client, target } = await join({ target: server.port });
    const got = gather(client);
    path.pause();
    target.end('answer');
    await delay(150);
    expect(got).toEqual({ text: '', ended: false });
    path.resume();
    await once(client, 'end');
    expect(got.text).toBe('answer');
  });

  test('what vanished in a black hole stays lost, and what comes behind it arrives', async () => {
    const { path, client, target } = await join({ target: server.port });
    const got = gather(client);
    const seen = gather(target);
    path.blackHole('response');
    target.write('lost');
    client.write('question');
    await path.waitFor(({ connections }) => connections[0]?.requestBytes === 8);
    await delay(100);
    expect(got.text).toBe('');
    expect(seen.text).toBe('question');
    path.resume();
    target.end('answer');
    await once(client, 'end');
    expect(got.text).toBe('answer');
  });

  test('a black hole tells neither side of a reset of the other', async () => {
    const { path, client, target } = await join({
      target: server.port,
      faults: [{ type: 'black-hole' }],
    });
    const got = gather(client);
    target.resetAndDestroy();
    await delay(150);
    expect(client.destroyed).toBe(false);
    expect(got.ended).toBe(false);
    expect(path.connections[0]?.state).toBe('open');
  });

  test('down refuses connections, up takes them on the same port', async () => {
    const { path, client } = await join({ target: server.port });
    const { port } = path;
    await path.down();
    expect(await errorOf(client)).toMatchObject(RESET);
    expect(await errorOf(dial(path))).toMatchObject({ code: 'ECONNREFUSED' });
    await path.up();
    expect(path.port).toBe(port);
    const again = connect(port, '127.0.0.1');
    await once(again, 'connect');
    again.destroy();
  });
});
