// An application as Nest's users write them, in the older decorators of TypeScript: it has the ending
// .mts so that the type check of the whole repository, which knows only the new ones, passes it by;
// `npx tsc -p examples/adapters` looks at it.
import 'reflect-metadata';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HoldHandle } from '@holdopen/core';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Header,
  HttpException,
  Module,
  Post,
  Sse,
  StreamableFile,
  UseFilters,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { concat, map, type Observable, of, timer } from 'rxjs';
import { Hold, HoldOpen } from '../../src/nestjs.js';
import { QUICK, SILENCE_MS } from '../support/times.js';

async function* half() {
  yield Buffer.from('["half",');
  await sleep(10);
  throw new Error('broken');
}

class OutOfPaper extends Error {}

@Catch(OutOfPaper)
class PaperFilter implements ExceptionFilter<OutOfPaper> {
  catch(_error: OutOfPaper, host: ArgumentsHost): void {
    host.switchToHttp().getResponse().status(507).json({ paper: 'none' });
  }
}

/** The same controllers with and without the decorator. */
function controllers(held: boolean) {
  const Held = () => (held ? HoldOpen(QUICK) : () => {});
  let left = 0;

  @Controller()
  class Reports {
    @Get('fast')
    @Header('X-Own', 'yes')
    @Held()
    fast() {
      return { fast: true };
    }

    @Post('fast')
    @Held()
    posted(@Body() body: unknown) {
      return body;
    }

    @Get('fast-error')
    @Held()
    fastError() {
      throw new HttpException('in time', 422);
    }

    @Get('slow')
    @Held()
    async slow() {
      await sleep(SILENCE_MS);
      return { slow: 'ü' };
    }

    @Post('created')
    @Held()
    async create() {
      await sleep(SILENCE_MS);
      return { id: 7 };
    }

    @Get('late-error')
    @Held()
    async lateError() {
      await sleep(SILENCE_MS);
      throw new HttpException('too late', 422);
    }

    @Get('late-filter')
    @Held()
    @UseFilters(PaperFilter)
    async lateFilter() {
      await sleep(SILENCE_MS);
      throw new OutOfPaper();
    }

    @Get('broken')
    @Held()
    async broken() {
      await sleep(SILENCE_MS);
      return new StreamableFile(Readable.from(half()), { type: 'application/json' });
    }

    @Sse('events')
    @Held()
    events(): Observable<{ data: string }> {
      return concat(of({ data: '1' }), timer(SILENCE_MS).pipe(map(() => ({ data: '2' }))));
    }

    @Get('wait')
    @Held()
    async wait(@Hold() hold: HoldHandle) {
      await new Promise((resolve) => hold.signal.addEventListener('abort', resolve));
      left += 1;
    }

    @Get('left')
    left(@Hold() hold: HoldHandle) {
      return { left, state: hold.state };
    }
  }

  @Controller('guessing')
  @Held()
  class Guessing {
    @Get('page')
    @Header('Content-Type', 'text/html')
    async page() {
      await sleep(SILENCE_MS);
      return '<p>slow</p>';
    }

    @Get('slow')
    async slow() {
      await sleep(SILENCE_MS);
      return { slow: true };
    }
  }

  return [Reports, Guessing];
}

export async function serve(held: boolean) {
  @Module({ controllers: controllers(held) })
  class App {}

  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { port: app.getHttpServer().address().port as number, close: () => app.close() };
}
