/**
 * Searches at random begin elsewhere each time, and say where. With WASMRAY_SEED they begin there: `.ci/run` takes it from the
 * tree that it checks, so that the same tree has the same tests, and a change is searched anew.
 */
import fc from "fast-check";

const seed = process.env.WASMRAY_SEED;
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
