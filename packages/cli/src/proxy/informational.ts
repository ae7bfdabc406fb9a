import type { InformationEvent, ServerResponse } from 'node:http';
import { http2Stream } from './abandon.js';

/** Passes 102 and 103 on. Node's responses know them one by one; HTTP/1.0 knows none. */
export function passInformation(information: InformationEvent, res: ServerResponse): void {
  const { statusCode, headers } = information;
  const { httpVersionMajor, httpVersionMinor } = res.req;
  if (res.headersSent || (httpVersionMajor === 1 && httpVersionMinor === 0)) return;
  if (statusCode === 102 && http2Stream(res) === undefined) res.writeProcessing();
  if (statusCode !== 103 || headers.link === undefined) return;
  const links = [headers.link].flat().flatMap((value) => value.split(/,\s*(?=<)/));
  try {
    res.writeEarlyHints({ link: links });
  } catch {
    // A link that Node does not take is a hint less.
  }
}
