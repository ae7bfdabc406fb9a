/** Who may read the answers, and what of them. */
export const CORS = {
  origin: 'https://page.example',
  credentials: true,
  exposedHeaders: ['x-seen', 'retry-after'],
};

/** The same as headers, for apps that have no middleware for it. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': CORS.origin,
  'Access-Control-Allow-Credentials': 'true',
  'Access-Control-Expose-Headers': CORS.exposedHeaders.join(','),
};
