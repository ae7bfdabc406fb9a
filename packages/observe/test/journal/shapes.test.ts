// Failures as they happen, on real sockets: what is written down of them, and what they are called.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdFetch } from '@holdopen/client';
import { createFaultyPath } from '@holdopen/faulty-path';
import { drain, holdOpen, type NodeHoldOpenOptions, registry } from '@holdopen/node';
import {
  type Classified,
  classify,
  createJournal,
  type Incident,
  type IncidentClass,
  type Journal,
  Survey,
} from '@holdopen/observe';
import { createMemoryStore, createRuns } from '@holdopen/runs';
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../../../test/support/until.js';
import { held, incidentsOf, startServer, temporaryDirectory, textOf } from './support.js';

type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

const QUICK = { firstBeatMs: 30, intervalMs: 60, onLateOutcome: () => undefined } as const;

let directory: string;
let journal: Journal;
const seen: string[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
  journal = createJournal({ directory, heartbeatMs: 100, flushMs: 5 });
  onTestFinished(() => journal.close());
});

afterAll(() => {
  console.log(['what was done | what it was called | facts', ...seen].join('\n'));
});

async function serve(handler: Handler, options: NodeHoldOpenOptions = {}): Promise<number> {
  const server = createServer(holdOpen(handler, { ...QUICK, ...options }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    // The next test's journal hears of all holds of the process.
    await until('all is over', () => registry.size === 0);
  });
  return (server.address() as AddressInfo).port;
}

/** A request whose client does nothing but read. */
function ask(port: number, method = 'POST'): ReturnType<typeof request> {
  const call = request({ port, host: '127.0.0.1', method, path: '/', agent: false });
  call.on('error', () => {}).on('response', (res) => res.on('error', () => {}).resume());
  call.end();
  return call;
}

/** The same by hand: who destroys a socket while bytes are on their way sends an RST in place of a FIN. */
function post(port: number, method = 'POST'): Socket {
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  socket.write(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
  return socket;
}

async function written(howMany = 1): Promise<Incident[]> {
  let incidents: Incident[] = [];
  await until(
    () => `${howMany} incidents are written: ${JSON.stringify(incidents)}`,
    async () => {
      incidents = await incidentsOf(directory);
      return incidents.length >= howMany;
    },
  );
  return incidents;
}

function classified(incidents: readonly Incident[]): Classified[] {
  const survey = new Survey();
  for (const incident of incidents) survey.incident(incident);
  return incidents.map((incident) => classify(incident, survey.findings()));
}

function expectClass(what: string, incidents: readonly Incident[], name: IncidentClass): void {
  const all = classified(incidents);
  note(what, incidents[0] as Incident, all[0] as Classified);
  expect(all.map((one) => one.class)).toEqual(incidents.map(() => name));
}

function note(what: string, incident: Incident, { class: name, confidence, because }: Classified) {
  const { outcome, status, code, connectionEnd, idleMs, heldMs, bytes } = incident;
  const facts = { outcome, status, code, connectionEnd, idleMs, heldMs, bytes };
  seen.push(`${what} | ${name} (${confidence}): ${because} | ${JSON.stringify(facts)}`);
}

/** A busy machine is late with some of what a timer does, so there may have to be more of them. */
async function untilMostAre(name: IncidentClass, what: string, fail: () => void): Promise<void> {
  for (let calls = 10; ; calls += 10) {
    for (let i = 0; i < 10; i++) {
      fail();
      await sleep(30);
    }
    const incidents = await written(calls);
    const all = classified(incidents);
    const at = all.findIndex((one) => one.class === name);
    const right = all.filter((one) => one.class === name).length;
    if (right >= calls * 0.6) {
      note(what, incidents[at] as Incident, all[at] as Classified);
      return;
    }
    expect(calls, `${right} of ${calls} are ${name}: ${JSON.stringify(incidents)}`).toBeLessThan(
      60,
    );
  }
}

const hang: Handler = () => sleep(60_000, undefined, { ref: false });

function fails(error: () => unknown): Handler {
  return async (req) => {
    await held(req);
    throw error();
  };
}

function answers(status: number): Handler {
  return async (req, res) => {
    await held(req);
    res.statusCode = status;
    res.setHeader('Content-Type', 'application/json');
    res.end('{"error":"no"}');
  };
}

describe('a connection that goes away', () => {
  test('is closed by the client when it sends a FIN', async () => {
    const socket = post(await serve(hang));
    socket.once('data', () => setTimeout(() => socket.end(), 100));
    const [incident] = await written();
    expectClass('the client closes', [incident as Incident], 'client-closed');
    expect(incident).toMatchObject({
      subject: 'hold',
      outcome: 'disconnected',
      connectionEnd: 'fin',
      format: 'json',
      httpVersion: '1.1',
      bytes: 0,
      silences: 1,
    });
    expect(incident?.connectionMs).toBeGreaterThanOrEqual(100);
    expect(incident?.heldMs).toBeGreaterThanOrEqual(100);
    expect(incident?.beats).toBeGreaterThanOrEqual(1);
  });

  test('is reset when it sends an RST', async () => {
    const socket = post(await serve(hang));
    socket.once('data', () => setTimeout(() => socket.resetAndDestroy(), 50));
    const incidents = await written();
    expectClass('the client resets', incidents, 'reset');
    expect(incidents[0]?.connectionEnd).toBe('reset');
  });

  test('is closed mid-stream when the answer had begun', async () => {
    const port = await serve(async (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: a\n\n');
      await sleep(60_000, undefined, { ref: false });
    });
    const socket = post(port, 'GET');
    socket.on('data', (bytes) => {
      if (String(bytes).includes(': ')) setTimeout(() => socket.end(), 50);
    });
    const incidents = await written();
    expectClass('the client closes behind an event', incidents, 'closed-mid-stream');
    expect(incidents[0]?.bytes).toBe(9);
  });

  test("is a hop's idle time-out when many are cut at the same time of silence", async () => {
    const port = await serve(hang, { firstBeatMs: 50, intervalMs: 10_000 });
    const path = await createFaultyPath({
      target: { port },
      faults: [{ type: 'idle-kill', afterMs: 1_000 }],
    });
    onTestFinished(() => path.close());
    await untilMostAre('idle-timeout', 'a hop cuts after 1 s without a byte', () => {
      ask(path.port);
    });
  });

  test('is a total time-out when many are cut at the same age, whatever was sent', async () => {
    const port = await serve(hang, { firstBeatMs: 30, intervalMs: 200 });
    const path = await createFaultyPath({
      target: { port },
      faults: [{ type: 'total-kill', afterMs: 1_500 }],
    });
    onTestFinished(() => path.close());
    await untilMostAre('total-timeout', 'a hop cuts 1.5 s after the beginning', () => {
      ask(path.port);
    });
  });
});

describe('a handler', () => {
  test('is too long silent', async () => {
    ask(await serve(hang, { maxSilenceMs: 200 }));
    const incidents = await written();
    expectClass('a handler hangs', incidents, 'handler-silent');
    expect(incidents[0]?.silentMs).toBeGreaterThanOrEqual(200);
  });

  test.each<[string, Handler, IncidentClass]>([
    ['throws late', fails(() => new TypeError('x')), 'handler-error'],
    ['answers 429 late', answers(429), 'rate-limited'],
    ['answers 529 late', answers(529), 'overloaded'],
    ['answers 503 late', answers(503), 'overloaded'],
    ['answers 502 late', answers(502), 'upstream-error'],
    ['answers 401 late', answers(401), 'auth-expired'],
    ['answers 422 late', answers(422), 'refused'],
    [
      'throws an error with status 429 late',
      fails(() => Object.assign(new Error('x'), { status: 429 })),
      'rate-limited',
    ],
  ])('%s', async (what, handler, name) => {
    ask(await serve(handler));
    expectClass(`the handler ${what}`, await written(), name);
  });

  test('cannot reach what it asks', async () => {
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const handler: Handler = async (req) => {
      await held(req);
      await fetch(`http://127.0.0.1:${port}/`);
    };
    ask(await serve(handler));
    const incidents = await written();
    expectClass('the handler asks a server that is not there', incidents, 'upstream-error');
    expect(incidents[0]?.cause).toEqual({
      name: 'TypeError',
      cause: { name: 'Error', code: 'ECONNREFUSED' },
    });
  });
});

describe('a shutdown', () => {
  test.each(['POST', 'GET'])('ends a %s as drain', async (method) => {
    const port = await serve((_req, res) => {
      if (method === 'POST') return hang(_req, res);
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      res.write('data: a\n\n');
      return hang(_req, res);
    });
    ask(port, method);
    await until('it is held', () => registry.size === 1);
    await sleep(100);
    await drain({ timeoutMs: 0 });
    onTestFinished(() => registry.reopen());
    expectClass(`drain ends a ${method}`, await written(), 'drain');
  });
});

describe('a process', () => {
  test('that is killed is reported by the next, with what it was doing', async () => {
    const elsewhere = temporaryDirectory();
    const first = await startServer(elsewhere);
    let { port } = first;
    const door = await createFaultyPath({ target: () => ({ port }) });
    onTestFinished(() => door.close());
    const lost: string[] = [];
    let knowsPlace = false;
    const call = holdFetch(`${door.url}/work`, {
      method: 'POST',
      headers: { 'Idempotency-Key': 'key-12345678901234567890' },
      holdOpen: {
        onState(state) {
          lost.push(state.state);
          knowsPlace ||= state.runUrl !== undefined;
          journal.onState(state);
        },
      },
    }).catch((error: unknown) => error);
    await until('it is held', () => knowsPlace && textOf(elsewhere).includes('"subject":"hold"'));
    await first.kill('SIGKILL');
    // One address for both, since the port of a dead process may be taken.
    ({ port } = await startServer(elsewhere));
    await until('the death is told', async () =>
      (await incidentsOf(elsewhere)).some(({ subject }) => subject === 'process'),
    );
    const deaths = await incidentsOf(elsewhere);
    expectClass('a process gets SIGKILL', deaths, 'process-died');
    expect(deaths.map(({ subject }) => subject)).toContain('hold');
    expect(deaths.at(-1)).toMatchObject({ subject: 'process', outcome: 'died', holds: 1 });
    // The client had been told where its work was, and that place is not known any more.
    const answer = await call;
    await (answer instanceof Response ? answer.text() : undefined)?.catch(() => {});
    await until(
      () => `the call is lost: ${lost.join()}`,
      () => lost.includes('lost'),
    );
    expectClass('the work of a call died with it', await written(), 'lost');
  });
});

describe('a run', () => {
  test('is lost when its process has lost the store', async () => {
    const memory = createMemoryStore();
    let isAway = false;
    const never = (): Promise<never> => new Promise(() => {});
    const store = new Proxy(memory, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return isAway ? never : value.bind(target);
      },
    });
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => void vi.restoreAllMocks());
    const runs = createRuns({
      authorize: () => 'somebody',
      secret: 'a secret of 16 bytes',
      store,
      leaseMs: 200,
      graceMs: 100,
      storeAwayMs: 300,
    });
    const port = await serve(hang, { runs });
    const headers = { 'Idempotency-Key': 'key-12345678901234567890' };
    const call = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/',
      agent: false,
      headers,
    });
    call
      .on('error', () => {})
      .on('response', (res) => {
        res.on('error', () => {}).resume();
        isAway = true;
      });
    call.end();
    let lost: Incident | undefined;
    await until('the run is lost', async () => {
      lost = (await incidentsOf(directory)).find(({ subject }) => subject === 'run');
      return lost !== undefined;
    });
    expectClass('a process cannot reach the store of its run', [lost as Incident], 'lost');
    expect(lost).toMatchObject({ outcome: 'lost', attempts: 1, run: expect.any(String) });
    call.destroy();
    isAway = false;
    await runs.close();
    await memory.close();
  });
});

describe('a call', () => {
  test('fails without a connection', async () => {
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await holdFetch(`http://127.0.0.1:${port}/secret/path?token=secret`, {
      holdOpen: { onState: journal.onState, retry: false },
    }).catch(() => {});
    const incidents = await written();
    expectClass('nobody listens where a call goes', incidents, 'unreachable');
    expect(incidents[0]).toMatchObject({
      subject: 'call',
      route: `GET 127.0.0.1:${port}`,
      code: 'HOLDOPEN_REFUSED',
      attempts: 1,
    });
  });

  test('is answered with a failure, late or at once', async () => {
    const port = await serve(async (req, res) => {
      if (req.url === '/late?secret') await held(req);
      res.writeHead(429, { 'Content-Type': 'application/json' }).end('{}');
    });
    const onState = journal.onState;
    for (const path of ['/at/once', '/late?secret']) {
      const response = await holdFetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        holdOpen: { onState, retry: false },
      });
      await response.text();
    }
    const calls = (await written(3)).filter(({ subject }) => subject === 'call');
    expectClass('a call is answered 429', calls, 'rate-limited');
    for (const call of calls) {
      expect(call).toMatchObject({ status: 429, route: `POST 127.0.0.1:${port}`, attempts: 1 });
    }
    expect(calls.length).toBe(2);
  });

  test('is cut in the middle of its answer', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a":',
      );
      setTimeout(() => socket.end(), 50);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await holdFetch(`http://127.0.0.1:${port}/`, {
      holdOpen: { onState: journal.onStateOf('GET /things/:id'), retry: false },
    })
      .then((response) => response.text())
      .catch(() => {});
    const incidents = await written();
    expectClass('a server closes in the middle of an answer', incidents, 'closed-mid-stream');
    expect(incidents[0]).toMatchObject({ route: 'GET /things/:id', bytes: 5 });
  });
});
