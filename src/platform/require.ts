import module from "node:module";

/**
 * The `require` of a file. By the module's default export, since webpack takes calls of an imported `createRequire` for its own
 * and puts `void 0` in their place.
 */
export function requireOf(file: string): NodeJS.Require {
	return module.createRequire(file);
}
