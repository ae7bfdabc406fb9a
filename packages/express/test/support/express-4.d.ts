/** Express 4 under another name. It is used through the types of Express 5, which know all of it. */
declare module 'express-4' {
  import express from 'express';

  export default express;
}
