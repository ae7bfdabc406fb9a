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
    /^hono, event stream/,
    "Not profiled in Hono. Below it, on `node:http`, a CPU profile has about a twenty-fifth of an event in holdopen's own functions.",
  ],
  [/^(proxy|observe)/, 'The interval is wider than what is asked for: this machine cannot tell.'],
  [
    /^fast path/,
    "A CPU profile has about a hundredth of a request in holdopen's own functions, and most of it in the kernel's write.",
  ],
  [
    /^idle .*(lateness|event loop)/,
    'Suspected: the server shares the processors with the clients that receive its beats; how long their own event loop was held up stands in the table.',
  ],
];

export function whyMissed(item: string): string | undefined {
  return REASONS.find(([fits]) => fits.test(item))?.[1];
}
