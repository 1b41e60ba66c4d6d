/** Names the method whose text `console.log` shows in place of what is inside. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
