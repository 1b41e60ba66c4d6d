// The stack's end is the one thing that can strike inside the core: user code may call it from any depth. So calls first
// make sure, before they pass the gate, that there is room for the core's deepest path.

export function probeStack(): void {}
