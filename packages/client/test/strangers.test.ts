/** What answers where a run is and is not the run: a login page, a hop. It says nothing of the work. */
import { expect, test } from 'vitest';
import { holdEvents, holdFetch } from '../src/index.js';
import { keeping } from './support/keeping.js';
import { chunk, chunkedHead, plain, RawServer } from './support/raw-server.js';

const POST = { method: 'POST', body: '{}' } as const;
const OF_RUN = { Link: '</runs/1>; rel="status"', 'HoldOpen-Run': 'hr1.x' };
const LOGIN = '<form>Who are you?</form>';

/** Work that goes on while its connection is lost, behind somebody who answers in its place. */
function behind(answer: string, type: string): Promise<RawServer> {
  return RawServer.start((socket, { head, count }) => {
    if (count === 1) {
      socket.write(
        chunkedHead({ type, headers: OF_RUN }) +
          chunk(type.includes('json') ? '[1,' : ': beat\n\n'),
      );
      setTimeout(() => socket.destroy(), 20);
    } else if (head.startsWith('GET /runs/1 ')) socket.write(plain('{}', { status: 401 }));
    else socket.write(answer);
  });
}

const posts = ({ requests }: RawServer) =>
  requests.filter(({ head }) => head.startsWith('POST')).length;

const ANSWERS: [what: string, answer: string, code: string][] = [
  ['a redirect', plain('', { status: 302, headers: { Location: '/login' } }), 'UNAUTHORIZED'],
  ['a 500', plain('Oops', { status: 500 }), 'SERVER_ERROR'],
  ['a 522', plain('Oops', { status: 522, type: 'text/html' }), 'SERVER_ERROR'],
];

test.each([...ANSWERS, ['a login page', plain(LOGIN, { type: 'text/html' }), 'UNAUTHORIZED']])(
  '%s is not taken for the answer, and its key is kept',
  async (_, answer, code) => {
    await using server = await behind(answer, 'application/json');
    const { kept, holdOpen } = keeping();
    const states: string[] = [];
    const onState = ({ state }: { state: string }) => states.push(state);
    const options = { ...holdOpen, onState, retry: { baseMs: 5, maxAttempts: 3 } };
    const asked = holdFetch(server.url, { ...POST, holdOpen: options });
    await expect(asked).rejects.toMatchObject({ code: `HOLDOPEN_${code}` });
    expect(posts(server)).toBe(1);
    expect(JSON.parse(kept.get('task') ?? '{}')).toMatchObject({ place: `${server.url}runs/1` });
    expect(states).not.toContain('completed');
  },
);

test.each(ANSWERS)('%s in place of events keeps the key, too', async (_, answer, code) => {
  await using server = await behind(answer, 'text/event-stream');
  const { kept, holdOpen } = keeping();
  const events = holdEvents(server.url, { ...POST, holdOpen });
  await expect(events.next()).rejects.toMatchObject({ code: `HOLDOPEN_${code}` });
  expect(posts(server)).toBe(1);
  expect(kept.size).toBe(1);
});

test('who meets his own running work by a 409 waits for its answer', async () => {
  await using server = await RawServer.start((socket, { head, count }) => {
    if (count === 1) socket.destroy();
    else if (head.startsWith('POST')) socket.write(plain('{}', { status: 409, headers: OF_RUN }));
    else socket.write(plain('"done"', { type: 'application/json', headers: OF_RUN }));
  });
  const holdOpen = { idempotencyKey: 'k', retry: { baseMs: 5 } };
  const response = await holdFetch(server.url, { ...POST, holdOpen });
  expect([response.status, await response.json()]).toEqual([200, 'done']);
});
