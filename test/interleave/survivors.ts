// Mutants of the core that no program can fail, each with the reason. The names are those of `npm run mutate`.
import type { Accepted } from "./mutate.ts";

export const survivors: readonly Accepted[] = [];
