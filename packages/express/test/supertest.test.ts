// Applications test themselves with supertest, which serves the app by itself and reads whole bodies.
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { holdOpen } from '../src/index.js';
import { held, QUICK, VERSIONS } from './support/index.js';

describe.each(VERSIONS)('an application in $name', ({ express }) => {
  const app = express();
  app.use(express.json());
  app.post('/reports', holdOpen({ ...QUICK, lateError: 'body' }), async (req, res) => {
    const { slow, status = 200 } = req.body as { slow: boolean; status?: number };
    if (slow) await held(req);
    res.status(status).json({ report: 7 });
  });

  test('tests a quick route as ever', async () => {
    await request(app)
      .post('/reports')
      .send({ slow: false, status: 201 })
      .expect('Content-Type', /json/)
      .expect('Content-Length', '12')
      .expect(201, { report: 7 });
  });

  test('reads a held answer as JSON, beats and late head included', async () => {
    const response = await request(app).post('/reports').send({ slow: true, status: 202 });
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({ holdopen: 'interval=60, format=json' });
    expect(response.body).toEqual({ report: 7 });
  });

  test('sees a late failure whole where lateError is body', async () => {
    const response = await request(app).post('/reports').send({ slow: true, status: 409 });
    expect(response.body).toEqual({ report: 7 });
    expect(response.text.trimStart()).toBe('{"report":7}');
  });
});
