// What only the debug builds export.

export { check, checkRoom } from "./walk";
