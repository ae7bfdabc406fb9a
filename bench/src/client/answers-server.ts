// Answers as quickly as Node can: what is measured is who reads them.
import { createServer, type ServerResponse } from 'node:http';
import { answer } from '../child.js';
import { serve } from '../serve.js';

const ITEMS = Array.from({ length: 20 }, (_, id) => ({
  id,
  text: `item ${id}`,
  done: id % 2 === 0,
}));
const DOCUMENT = JSON.stringify({ items: ITEMS });
/** As servers of models send them: many in one chunk when the reader is behind. */
const EVENTS_A_WRITE = 64;

const server = createServer((req, res) => {
  const [, what, count] = (req.url ?? '').split('/');
  if (what === 'events') {
    writeEvents(res, Number(count));
    return;
  }
  res.setHeader('Content-Type', 'application/json');
  // With a length the runtime sees that a body is whole; without one nobody does but the reader.
  if (what === 'sized') res.setHeader('Content-Length', Buffer.byteLength(DOCUMENT));
  res.write(DOCUMENT);
  res.end();
});

function writeEvents(res: ServerResponse, count: number): void {
  res.setHeader('Content-Type', 'text/event-stream');
  let next = 0;
  const write = (): void => {
    while (next < count) {
      let text = '';
      const end = Math.min(count, next + EVENTS_A_WRITE);
      for (; next < end; next += 1) text += `data: {"index":${next},"token":" word"}\n\n`;
      if (!res.write(text)) {
        res.once('drain', write);
        return;
      }
    }
    res.end();
  };
  write();
}

answer(await serve(server));
