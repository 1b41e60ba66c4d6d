/** Both halves of loading, for whoever needs both. */
export { compileCore } from "./compile.ts";
export { instantiateCore } from "./instantiate.ts";
