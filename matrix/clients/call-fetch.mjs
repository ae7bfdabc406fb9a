// How a program uses fetch.

/**
 * @param {(url: string, init: object) => Promise<Response>} fetch
 * @param {import('./answer.mjs').Asked} asked
 * @param {import('./answer.mjs').Answer} got
 */
export async function callFetch(fetch, { url, mode }, got) {
  if (mode === 'json') {
    const response = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: '{}',
    });
    got.status = response.status;
    got.got = await response.json();
    return;
  }
  const response = await fetch(url, { headers: { accept: 'text/event-stream' } });
  got.status = response.status;
  got.text = '';
  const decoder = new TextDecoder();
  if (response.body === null) return;
  for await (const bytes of response.body) got.text += decoder.decode(bytes, { stream: true });
}
