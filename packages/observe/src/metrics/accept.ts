/** Whether a scraper would rather have OpenMetrics 1.0 than Prometheus's own text. */
export function prefersOpenMetrics(accept: string | null | undefined): boolean {
  let open = 0;
  let plain = 0;
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...given] = range.split(';').map((part) => part.trim().toLowerCase());
    const parameter = (name: string): string | undefined =>
      given.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
    const weight = Number(parameter('q') ?? 1);
    const version = parameter('version');
    if (type === 'application/openmetrics-text') {
      if (version === undefined || version === '1.0.0') open = Math.max(open, weight);
    } else if (type === 'text/plain' || type === '*/*') {
      plain = Math.max(plain, weight);
    }
  }
  return open > 0 && open >= plain;
}
