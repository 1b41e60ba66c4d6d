/** What the engine knows of values. */
export interface CaptureHooks {
	/** Whether the codec can send this value, all that is in it included; a text says why not. */
	sendable(value: unknown): true | string;
	/** Instances of this class come back as such, since `registerSerializer` knows it. */
	serializes?(value: object): boolean;
	/** The name of a member of this package (`put`, `util.Queue`), "" for its namespace; undefined for everything else. */
	packageMember?(value: unknown): string | undefined;
}
