import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

/**
 * Answers in the server's place, with a problem object (RFC 9457). Under a head that has left already
 * it becomes a late outcome, and its status is called by the name that holdopen has for it.
 */
export function answerProblem(
  req: IncomingMessage,
  res: ServerResponse,
  { status, code, detail }: { status: number; code: string; detail: string },
): void {
  const isLate = req.holdOpen?.state === 'held';
  const body = JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status],
    [isLate ? 'completion_status' : 'status']: status,
    code,
    detail,
  });
  res.writeHead(status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  res.end(body);
}
