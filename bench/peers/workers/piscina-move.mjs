import { move as transferable } from "piscina";

export { spin } from "../tasks.mjs";

export function move(value) {
	return transferable(value);
}
