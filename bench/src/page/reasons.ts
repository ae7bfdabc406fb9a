/** Why a target is missed, as far as somebody has looked into it. The first that fits counts. */
const REASONS: readonly (readonly [item: RegExp, why: string])[] = [
  [
    /^JSON with(out)? a length/,
    'Most of it is the AbortController that each call makes, so that the watchdog can end it.',
  ],
  [
    /^fastify, fast path/,
    'Suspected, after a look at a CPU profile: `request.routeOptions`, which makes an object for each request, and the ticks of the clock.',
  ],
  [
    /^(express|hono|fetch), fast path/,
    'Suspected, not profiled: the promise around the handler, and the context kept for the hooks.',
  ],
  [/^fetch, event stream/, 'Each chunk passes one more Web stream.'],
  [
    /^fast path/,
    'To watch a response and to call it off is a small part of it ([arm-disarm](#arm-disarm)); what else there is was not found.',
  ],
  [
    /^idle .*(lateness|event loop)/,
    'Suspected: the server shares the processors with the clients that receive its beats; how long their own event loop was held up stands in the table.',
  ],
];

export function whyMissed(item: string): string | undefined {
  return REASONS.find(([fits]) => fits.test(item))?.[1];
}
