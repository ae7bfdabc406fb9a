// https://expressjs.com/en/starter/static-files.html
import { type DocumentedApp, FILES, get, send } from '../app.js';

const range = (value: string) => ({ Range: value });

export const FILE_APPS: readonly DocumentedApp[] = [
  {
    title: 'express.static',
    build: (app, { express }) => app.use(express.static(FILES)),
    requests: [
      get('/'),
      get('/robots.txt'),
      get('/data.json'),
      get('/sub'),
      get('/sub/'),
      get('/none.txt'),
      get('/.hidden'),
      get('/..%2fpackage.json'),
      send('HEAD', '/data.json'),
      send('POST', '/data.json'),
    ],
  },
  {
    title: 'express.static with parts of a file',
    build: (app, { express }) => app.use(express.static(FILES)),
    requests: [
      get('/long.txt', range('bytes=0-99')),
      get('/long.txt', range('bytes=-10')),
      get('/long.txt', range('bytes=0-1,5-6')),
      get('/long.txt', range('bytes=9999-')),
      get('/data.json', { ...range('bytes=0-3'), 'If-Range': '"other"' }),
      send('HEAD', '/long.txt'),
    ],
  },
  {
    title: 'express.static with caching',
    build(app, { express }) {
      app.use('/a', express.static(FILES, { maxAge: '1d', immutable: true }));
      app.use(
        '/b',
        express.static(FILES, { etag: false, lastModified: false, cacheControl: false }),
      );
    },
    requests: [
      get('/a/data.json'),
      get('/b/data.json'),
      get('/a/data.json', { 'If-None-Match': '*' }),
      get('/a/data.json', { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' }),
      get('/a/data.json', { 'If-Match': '"other"' }),
      get('/a/data.json', { 'If-Unmodified-Since': 'Sat, 01 Jan 2000 00:00:00 GMT' }),
    ],
  },
  {
    title: 'express.static over several folders, with a prefix and a fallback',
    build(app, { express }) {
      app.use('/static', express.static(`${FILES}/sub`), express.static(FILES, { index: false }));
      app.use('/strict', express.static(FILES, { fallthrough: false, redirect: false }));
      app.use(
        '/with',
        express.static(FILES, { setHeaders: (res) => res.setHeader('X-File', '1') }),
      );
      app.use('/dots', express.static(FILES, { dotfiles: 'allow', extensions: ['json'] }));
    },
    requests: [
      get('/static/'),
      get('/static/robots.txt'),
      get('/strict/none'),
      get('/with/data.json'),
      get('/dots/.hidden'),
      get('/dots/data'),
    ],
  },
  {
    title: 'res.sendFile',
    build(app) {
      app.get('/file/:name', (req, res, next) => {
        const options = { root: FILES, dotfiles: 'deny' as const, headers: { 'X-Sent': 'true' } };
        res.sendFile(req.params.name, options, (error) => error && next(error));
      });
      app.get('/plain', (_req, res) => res.sendFile(`${FILES}/data.json`, { maxAge: 1000 }));
    },
    requests: [
      get('/file/data.json'),
      get('/file/long.txt', range('bytes=2990-')),
      get('/file/none'),
      get('/file/.hidden'),
      get('/plain'),
      get('/plain', { 'If-None-Match': '*' }),
      send('HEAD', '/plain'),
    ],
  },
  {
    title: 'files for those who may see them',
    build(app) {
      app.get('/user/:uid/photos/:file', (req, res) => {
        if (req.params.uid === '1') res.sendFile(req.params.file, { root: FILES });
        else res.status(403).send('Sorry! You cannot see that.');
      });
    },
    requests: [get('/user/1/photos/robots.txt'), get('/user/2/photos/robots.txt')],
  },
];
