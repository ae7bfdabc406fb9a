// A server in a process of its own: `observed-server.ts <adapter> <observer> <directory>`.
import { createServer } from 'node:http';
import { holdOpen as holdOpenFetch } from '@holdopen/fetch';
import { holdOpen } from '@holdopen/node';
import { createJournal, createMetrics } from '@holdopen/observe';
import { createTelemetry } from '@holdopen/observe/otel';
import { getRequestListener } from '@hono/node-server';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { answer } from '../child.js';
import { serve } from '../serve.js';

export type ObserverName = 'nobody' | 'metrics' | 'telemetry' | 'journal';

const BODY = { ok: true, items: [1, 2, 3], text: 'Hello, world.' };

const [adapter, observer, directory = ''] = process.argv.slice(2);
if (observer === 'metrics' || observer === 'telemetry') createMetrics();
if (observer === 'telemetry') {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  metrics.setGlobalMeterProvider(new MeterProvider());
  createTelemetry();
}

if (observer === 'journal') createJournal({ directory });

const onNode = holdOpen((_req, res) => {
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(BODY));
});
const onFetch = getRequestListener(holdOpenFetch(async () => Response.json(BODY)));
const server = createServer(adapter === 'fetch' ? onFetch : (req, res) => void onNode(req, res));
answer(await serve(server));
