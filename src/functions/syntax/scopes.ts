/** Which names a piece of source binds, and which it takes from outside. */

/** How a name from outside is used. */
export interface Use {
	/** Given a value somewhere, not only read. */
	assigned: boolean;
	/** Used somewhere but behind `typeof`, so that it must exist. */
	needed: boolean;
	/** Used as a value, not only by its members. */
	whole: boolean;
	/** Used when the class is made (`extends`, static fields, computed keys), not only when something of it is called. */
	eager: boolean;
	/** `name.member` and `name?.member`. */
	readonly members: Set<string>;
}

export class Scope {
	readonly parent: Scope | undefined;
	/** `var` belongs to the nearest of these. */
	readonly holdsVars: boolean;
	readonly declared = new Set<string>();
	readonly uses = new Map<string, Use>();

	constructor(parent: Scope | undefined, holdsVars: boolean) {
		this.parent = parent;
		this.holdsVars = holdsVars;
	}

	use(name: string): Use {
		let use = this.uses.get(name);
		if (use === undefined) {
			use = { assigned: false, needed: false, whole: false, eager: false, members: new Set() };
			this.uses.set(name, use);
		}
		return use;
	}

	/** What this scope does not bind itself is used by the one around it. */
	close(): void {
		const { parent } = this;
		if (parent === undefined) return;
		for (const [name, use] of this.uses) {
			if (this.declared.has(name)) continue;
			const outer = parent.use(name);
			outer.assigned ||= use.assigned;
			outer.needed ||= use.needed;
			outer.whole ||= use.whole;
			outer.eager ||= use.eager;
			for (const member of use.members) outer.members.add(member);
		}
	}
}
