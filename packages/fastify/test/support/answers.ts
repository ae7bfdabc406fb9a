import type { Question } from '../../../node/test/held/support/ask.js';
import { requestText } from '../../../node/test/held/support/ask.js';
import type { ServedApp } from './serve.js';

/** All bytes that come back for requests that are written at once, but the date. */
export async function answerBytes(
  served: ServedApp,
  questions: readonly Question[],
  keepsAlive = false,
): Promise<string> {
  const client = await served.connect();
  const last = questions.length - 1;
  const texts = questions.map((question, i) => {
    const headers = i === last ? { ...question.headers, Connection: 'close' } : question.headers;
    return requestText({ ...question, ...(headers === undefined ? {} : { headers }) });
  });
  client.send(texts.join(''));
  if (keepsAlive) await client.response();
  else await client.close();
  return client.received.toString('latin1').replace(/^date: .*$/gim, 'Date: now');
}
