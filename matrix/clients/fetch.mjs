// The fetch of whatever runs this, as it is: Bun, Deno, the newest Node.
import { answer } from './answer.mjs';
import { callFetch } from './call-fetch.mjs';

await answer((asked, got) => callFetch(fetch, asked, got));
