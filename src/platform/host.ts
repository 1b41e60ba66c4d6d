export type HostName = "node" | "deno" | "bun";

/** What runs this program. Only for what cannot be found out by trying it. */
export const hostName: HostName = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
