import type { HoldEventsOptions } from '../../src/index.js';
import { type HoldRequestInit, holdEvents, holdFetch } from '../../src/index.js';

/** All that the client says of an answer, in a form that can leave a page. */
export interface Told {
  readonly status: number;
  readonly isHeld: boolean | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly isOk: boolean | undefined;
  readonly runUrl: string | undefined;
}

export async function tellAnswer(url: string, init: HoldRequestInit): Promise<Told> {
  const response = await holdFetch(url, init);
  const { status, holdOpen } = response;
  const headers = Object.fromEntries(response.headers);
  const text = await response.text();
  const { isHeld, runUrl, outcome } = holdOpen ?? {};
  return { status, isHeld, headers, text, isOk: outcome?.ok, runUrl };
}

/** The type, the id and the data of each. */
export async function tellEvents(
  url: string,
  init: HoldRequestInit<HoldEventsOptions>,
): Promise<(string | undefined)[][]> {
  const told = [];
  for await (const { event, id, data } of holdEvents(url, init)) told.push([event, id, data]);
  return told;
}
