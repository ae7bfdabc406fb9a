import type { InformationEvent, ServerResponse } from 'node:http';
import { http2Stream } from './abandon.js';

/** Passes 102 and 103 on. Node's responses know them one by one; HTTP/1.0 knows none. */
export function passInformation(information: InformationEvent, res: ServerResponse): void {
  const { statusCode, headers } = information;
  if (res.headersSent || isHttp10(res)) return;
  if (statusCode === 102 && http2Stream(res) === undefined) res.writeProcessing();
  if (statusCode !== 103 || headers.link === undefined) return;
  const links = [headers.link].flat().flatMap((value) => value.split(/,\s*(?=<)/));
  try {
    res.writeEarlyHints({ link: links });
  } catch {
    // A link that Node does not take is a hint less.
  }
}

/** HTTP/1.0 would take it for the answer (RFC 9110 section 15.2). */
export function passContinue(res: ServerResponse): void {
  if (!isHttp10(res)) res.writeContinue();
}

function isHttp10({ req }: ServerResponse): boolean {
  return req.httpVersionMajor === 1 && req.httpVersionMinor === 0;
}
