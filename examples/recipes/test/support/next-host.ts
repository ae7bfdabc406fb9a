// As much of Next.js as calls a route handler: the Request, and the parameters as a promise.
import { serve } from '@hono/node-server';
import { POST } from '../../src/next-route.js';

async function host(request: Request): Promise<Response> {
  const [, name] = /^\/api\/agents\/([^/]+)$/.exec(new URL(request.url).pathname) ?? [];
  if (name === undefined || request.method !== 'POST') return new Response(null, { status: 404 });
  return POST(request, { params: Promise.resolve({ name }) });
}

serve({ fetch: host, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`Listening on http://localhost:${port}`);
});
