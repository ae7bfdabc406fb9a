import {
  findPrograms,
  freePort,
  type RunningProgram,
  startProgram,
} from '../../../test/support/program.js';

export interface NginxProxy extends RunningProgram {
  readonly port: number;
}

/** nginx with one process and connections that are kept, as whoever wants it quick sets it up. */
export async function startNginx(originPort: number): Promise<NginxProxy> {
  const port = await freePort();
  const { close } = await startProgram({
    program: 'nginx',
    ports: [port],
    files: () => ({ 'nginx.conf': configuration(port, originPort) }),
    args: (folder) => ['-p', folder, '-c', 'nginx.conf'],
  });
  return { port, close };
}

export function hasNginx(): boolean {
  return findPrograms('nginx').length > 0;
}

const configuration = (port: number, originPort: number): string => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path client_body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream origin {
    server 127.0.0.1:${originPort};
    keepalive 64;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`;
