// Compares every shape over the transports that are named and prints the reports as JSON.
// Run it with any Node, from packages/node, on the built package, or on the sources with
// TSX_TSCONFIG_PATH=../../tsconfig.test.json in the environment:
//   node --import tsx test/transparent/harness/run.ts http https h2c h2
// SHAPE=cork compares the shapes with that word in their titles, TRACE=1 shows how it goes.
import { SHAPES } from '../shapes/index.js';
import { compareShape, type ShapeReport } from './compare.js';
import { TRANSPORTS } from './transports.js';

const wanted = process.argv.slice(2);
const only = process.env.SHAPE;
const reports: ShapeReport[] = [];
for (const transport of TRANSPORTS) {
  if (!wanted.includes(transport)) continue;
  for (const shape of SHAPES) {
    if (only !== undefined && !shape.title.includes(only)) continue;
    if (process.env.TRACE !== undefined) console.error(transport, shape.title);
    const report = await compareShape(shape, transport);
    if (process.env.TRACE !== undefined) console.error(report.differences.slice(0, 1).join());
    if (report.compared > 0) reports.push(report);
  }
}
process.stdout.write(JSON.stringify(reports));
