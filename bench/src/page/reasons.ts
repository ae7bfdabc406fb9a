/** Why a target is missed, as far as somebody has looked into it. The first that fits counts. */
const REASONS: readonly (readonly [item: RegExp, why: string])[] = [
  [
    /^JSON with(out)? a length/,
    'Most of it is the AbortController that each call makes, so that the watchdog can end it.',
  ],
  [
    /^fastify, fast path/,
    'A CPU profile shows 0.45 µs of holdopen and its timer in 13.4 µs. Suspected: `request.routeOptions`, which makes an object for each request, and a tick of the clock every 4 ms.',
  ],
  [
    /^(express|hono|fetch), fast path/,
    'Suspected, not profiled: the promise around the handler, and the context kept for the hooks.',
  ],
  [/^fetch, event stream/, 'Each chunk passes one more Web stream.'],
  [
    /^fast path/,
    'To watch a response and to call it off takes 0.1 µs by itself (arm-disarm), less than 1 % of the request. What else there is was not found; bare beside bare differs by as much on some days.',
  ],
  [
    /^idle .*(lateness|event loop)/,
    'Suspected: the server shares two cores with the clients that receive its beats.',
  ],
];

export function whyMissed(item: string): string | undefined {
  return REASONS.find(([fits]) => fits.test(item))?.[1];
}
