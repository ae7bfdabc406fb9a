import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HoldEvent } from '@holdopen/core';
import { createRuns, type RunEvent } from '@holdopen/runs';
import { metrics as api } from '@opentelemetry/api';
import express from 'express';
import { expectTypeOf, test } from 'vitest';
import {
  type Classified,
  classify,
  createJournal,
  createLivePage,
  createMetrics,
  type Incident,
  type IncidentClass,
  type Journal,
  type LivePage,
  watchHolds,
  watchRuns,
} from '../src/index.js';
import { createTelemetry } from '../src/otel.js';

// Each stands in a function that nobody calls: it need only compile.

test('metrics are served by a listener, as middleware and as a fetch handler', () => {
  () => {
    const metrics = createMetrics({
      maxRoutes: 50,
      route(request) {
        expectTypeOf(request).toBeUnknown();
        return undefined;
      },
    });
    expectTypeOf(metrics.handler).toEqualTypeOf<
      (req: IncomingMessage, res: ServerResponse) => void
    >();
    expectTypeOf(metrics.fetch).returns.resolves.toEqualTypeOf<Response>();
    express().get('/metrics', metrics.handler);
  };
});

test('OpenTelemetry is given a meter or is found, and is switched off again', () => {
  expectTypeOf(createTelemetry).returns.toEqualTypeOf<() => void>();
  () => createTelemetry({ metrics: api.getMeter('mine'), spans: false });
  // @ts-expect-error a name is no meter
  () => createTelemetry({ metrics: 'mine' });
});

test('a journal needs a directory, and gives incidents', () => {
  // @ts-expect-error where to?
  () => createJournal({});
  () => {
    const journal = createJournal({
      directory: 'journal',
      onIncident: (incident) => expectTypeOf(incident).toEqualTypeOf<Incident>(),
    });
    expectTypeOf(journal).toEqualTypeOf<Journal>();
    expectTypeOf(journal.recent()).toEqualTypeOf<Incident[]>();
  };
  expectTypeOf(classify).returns.toEqualTypeOf<Classified>();
  expectTypeOf<Classified['class']>().toEqualTypeOf<IncidentClass>();
});

test('the live page asks who may look, and takes runs and a journal as they are', () => {
  // @ts-expect-error nobody is let in unasked
  () => createLivePage({});
  // @ts-expect-error a yes without an end must be said: true
  () => createLivePage({ authorize: () => 'yes' });
  () => {
    const live = createLivePage({
      authorize: async (request) => {
        expectTypeOf(request).toEqualTypeOf<Request>();
        return { expiresAt: new Date() };
      },
      runs: createRuns({ authorize: () => 'me' }),
      journal: createJournal({ directory: 'journal' }),
    });
    expectTypeOf(live).toEqualTypeOf<LivePage>();
    express().use(live.middleware);
  };
});

test('a watcher is told events of their types, and stops watching', () => {
  () => {
    const stop = watchHolds(
      (event) => {
        expectTypeOf(event).toEqualTypeOf<HoldEvent>();
        if (event.type === 'end') expectTypeOf(event.cut).toBeBoolean();
      },
      ['end', 'late-outcome'],
    );
    expectTypeOf(stop).toEqualTypeOf<() => void>();
  };
  () => watchRuns((event) => expectTypeOf(event).toEqualTypeOf<RunEvent>());
  // @ts-expect-error there is no such event
  () => watchHolds(() => {}, ['finish']);
});
