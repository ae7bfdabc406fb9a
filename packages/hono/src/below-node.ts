/** Below Hono there may be a response of Node's, which @hono/node-server hands to the app. */
export { drain, mountOptions, watchResponse } from '@holdopen/node';

export const hasNodeBelow = true;
