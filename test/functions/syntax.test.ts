// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are sources, templates included
import { createRequire } from "node:module";
import vm from "node:vm";
import { describe, expect, test } from "vitest";
import { analyse } from "../../src/functions/syntax/analyse.ts";
import { openInspector } from "../../src/platform/inspect.ts";

const free = (source: string) => [...analyse(source).free.keys()].sort().join(" ");

describe("names from outside", () => {
	const cases: [source: string, names: string][] = [
		// parameters, defaults and patterns
		["(a, b = c, { d, e: f = g, ...h }, [i, , j], ...k) => [a, b, d, e, f, h, i, j, k]", "c e g"],
		["function f(a = x) { var x = 1; return a + x; }", "x"],
		["async x => await y(x)", "y"],
		["async (x, { y } = z) => x", "z"],
		["() => { async (x); }", "async x"],
		["(a = (b, c) => b + d) => a", "d"],
		["({ [key]: value }) => value", "key"],
		// declarations and their reach
		["() => { { const a = 1; var b; function f() {} } return [a, b, c]; }", "a c"],
		["() => { for (const a of b) a; for (let i = 0, n = m; i < n; i++); return i; }", "b i m"],
		["() => { for (a.b of c); for (const k in o) k; for (x in y); }", "a c o x y"],
		["() => { try { a } catch ({ message, ...b }) { message; b } finally { message } }", "a message"],
		["() => { switch (a) { case b: let c; default: c } c }", "a b c"],
		["() => { using a = b; let c = a; await; }", "await b"],
		["async () => { await using a = b; a }", "b"],
		["() => { let [a, { b = c }] = d; const { e = a } = b; }", "c d"],
		["() => { label: for (;;) { continue label; } }", ""],
		["() => { use: b }", "b"],
		["() => { let\n a = 1; const { x } = { x: a } }", ""],
		["function f() { return f; }", ""],
		["function () { return g; function g() {} }", ""],
		["class A extends B { static c = A; }", ""],
		["() => { class A extends B { static c = A; } }", "B"],
		["() => { class A extends A.b {} }", ""],
		// members, keys and shorthands
		["() => ({ a, b: c, d() { return e }, get f() { return g }, async *[h]() {}, 'i': 1, ...j })", "a c e g h j"],
		["() => ({ get, set, async, static: x, await: y, if: z })", "async get set x y z"],
		["() => ({ get() { return 1 }, set(a) { a }, async() {}, async async() {}, *gen() { yield b } })", "b"],
		["() => a.b.c?.d[e]?.(f)?.[g]`${h}`", "a e f g h"],
		[
			"class { a = b; static c = d; #e = f; static { g; let h; h } [i]() {} get [j]() {} static async *k() {} 'l' = m; n; o\n p = q }",
			"b d f g i j m q",
		],
		["class { static static = a; get = b; set; async\n x() {} static async\n y = c; accessor z = d }", "a b c d"],
		// expressions
		["(x) => x / a / b + /[/\\]`]+/g.test(x) / c", "a b c"],
		["(x) => { if (x) /a'b/.test(y); return /=/.test(z) }", "y z"],
		["(x) => { x++\n/a/g\n; x\n++\ny }", "a g y"],
		["() => `a${b + `c${d}`}e${{ f: g }.f}`", "b d g"],
		["() => a ? b : c ? (d, e) : { f: g }", "a b c d e g"],
		["() => new A(new b.C, new (d())())", "A b d"],
		["() => ((a) = b, [c, d.e, ...f] = g, { h, i: j.k, l = m } = n)", "a b c d f g h j l m n"],
		["() => void typeof a + -b ** +c", "a b c"],
		["function* f() { yield; const x = yield* a; yield [b]; yield\nc; return yield }", "a b c"],
		["() => { const f = () => {}\n[a].b; var g = function () {}\n/c/d }", "a c d"],
		["() => { const f = () => {}; f\n(a) }", "a"],
		["(a) => #x in a", ""],
		["async () => { for await (const a of b) a }", "b"],
		["() => { var yield_ = 0, let_ = 1, of = 2, async = of; return async / of / let_ }", ""],
		["() => import(a)", "a"],
		["() => import.meta.url", ""],
		["() => 1..toString() + .5.a + 0x1f.b + 1_000n + 1e-5.c", ""],
		["() => { a: { break a } do b; while (c) d }", "b c d"],
		["() => a\n  .b /* c // */ // d\n  ['e']", "a"],
		["() => \\u0061bc + 日本語 + 𠮷", "abc 日本語 𠮷"],
		["(日本語) => 日本語", ""],
		["() => a ??= b?.5:c", "a b c"],
		["() => { debugger\n if (a) b\n else c\n throw d }", "a b c d"],
		["() => { with (a) b }", "a b"],
		["() => { @dec.x(a) class A { @other() b() {} } }", "a dec other"],
		// methods, as they print themselves
		["method(a) { return a + b }", "b"],
		["async *method() { yield a }", "a"],
		["async(a) { return b }", "b"],
		["get(a) { return b }", "b"],
		["[a + b](c) { return c + d }", "d"],
		["'quoted name'() { return a }", "a"],
		["if(a) { return b }", "b"],
		["12() { return a }", "a"],
	];
	for (const [source, names] of cases) {
		test(source.replaceAll("\n", " ⏎ "), () => expect(free(source)).toBe(names));
	}

	/** Compiled inside a function that has all words of the source as parameters, V8 keeps just those that it uses. */
	const askV8 = (source: string, form: string): Set<string> => {
		const reserved =
			/^(?:await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with|yield|let|static|implements|interface|package|private|protected|public|eval|arguments)$/;
		const words = new Set(source.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
		const parameters = [...words].filter((word) => !reserved.test(word)).join(",");
		const expression = form === "method" || form === "accessor" ? `({${source}\n})` : `(${source}\n)`;
		const fn = new vm.Script(`(function(${parameters}) { return () => ${expression} })`).runInThisContext()();
		const inspector = openInspector();
		try {
			const closure = inspector?.inspect(fn).scopes.find(({ kind }) => kind === "Closure");
			return new Set(Object.keys(closure?.variables ?? {}));
		} finally {
			inspector?.close();
		}
	};

	test("are those that V8 finds, in hundreds of functions of Node's own", () => {
		const require = createRequire(import.meta.url);
		const functions = new Set<object>();
		for (const name of [
			"fs",
			"util",
			"url",
			"events",
			"stream",
			"http",
			"assert",
			"readline",
			"zlib",
			"net",
			"buffer",
		]) {
			const holders = [require(`node:${name}`)] as object[];
			for (const holder of holders) {
				for (const { value, get } of Object.values(Object.getOwnPropertyDescriptors(holder))) {
					if (typeof get === "function") functions.add(get);
					if (typeof value !== "function" || functions.has(value)) continue;
					functions.add(value);
					holders.push(value, value.prototype ?? {});
				}
			}
		}
		let compared = 0;
		const differences: string[] = [];
		for (const fn of functions) {
			const source = Function.prototype.toString.call(fn);
			if (/\{\s*\[native code\]\s*\}$/.test(source)) continue;
			const { form, free, privateNames, outer, evaluated } = analyse(source);
			// These compile nowhere else.
			if ((privateNames && form !== "class") || outer.size > 0) continue;
			const wanted = askV8(evaluated ? source.slice(0, evaluated[0]) + 0 + source.slice(evaluated[1]) : source, form);
			for (const name of wanted) if (!free.has(name)) differences.push(`missing ${name} in ${source.slice(0, 200)}`);
			for (const name of free.keys()) {
				if (name !== "eval" && !wanted.has(name)) differences.push(`too many: ${name} in ${source.slice(0, 200)}`);
			}
			compared++;
		}
		expect(differences).toEqual([]);
		expect(compared).toBeGreaterThan(500);
	});
});

describe("how names are used", () => {
	const use = (source: string, name: string) => analyse(source).free.get(name);

	test("assigned to, in every way there is", () => {
		const ways = [
			"() => { a = 1 }",
			"() => { a += 1 }",
			"() => { a ??= 1 }",
			"() => a++",
			"() => --a",
			"() => { [a] = b }",
			"() => { ({ a } = b) }",
			"() => { ({ x: a = 1 } = b) }",
			"() => { for (a of b); }",
			"() => { for (a in b); }",
			"() => { (a) = 1 }",
			"() => () => { { a = 1 } }",
		];
		for (const way of ways) expect([way, use(way, "a")?.assigned]).toEqual([way, true]);
		for (const not of ["() => a == 1", "() => a.b = 1", "() => a[0]++", "(b = a) => b", "() => [a] == b"]) {
			expect([not, use(not, "a")?.assigned]).toEqual([not, false]);
		}
	});

	test("only asked for by typeof, so that they need not exist", () => {
		expect(use("() => typeof a === 'x'", "a")?.needed).toBe(false);
		expect(use("() => typeof a === 'x' ? a : 0", "a")?.needed).toBe(true);
		expect(use("() => typeof a.b", "a")?.needed).toBe(true);
	});

	test("by members only, or as a whole", () => {
		expect(use("() => a.b(a.c, a?.d)", "a")).toMatchObject({ whole: false, members: new Set(["b", "c", "d"]) });
		expect(use("() => (0, a.b)(a)", "a")?.whole).toBe(true);
		expect(use("() => a[b]", "a")?.whole).toBe(true);
		expect(use("() => a?.[b]", "a")?.whole).toBe(true);
	});

	test("when a class is made, or only when it is used", () => {
		const source = "class extends A { [b]() { return C } static d = E; f = G; static { H() } static i() { J } }";
		const eager = [...analyse(source).free].filter(([, { eager }]) => eager).map(([name]) => name);
		expect(eager).toEqual(["b", "E", "H"]);
	});
});

describe("what belongs to the code around", () => {
	const outer = (source: string) => [...analyse(source).outer].join(" ");

	test("this, arguments and new.target of an arrow function", () => {
		expect(outer("() => [this.a, arguments[0], new.target]")).toBe("this arguments new.target");
		expect(outer("(a = () => this) => a")).toBe("this");
	});

	test("super of a method", () => {
		expect(outer("method() { return super.method() }")).toBe("super");
	});

	test("not what functions, methods and classes have themselves", () => {
		expect(outer("function () { return [this, arguments, new.target, () => this] }")).toBe("");
		expect(outer("() => ({ a() { return super.b(this) } })")).toBe("");
		expect(outer("class extends A { a = this; constructor() { super(); } static { this.b = super.c } }")).toBe("");
	});
});

describe("forms", () => {
	test("are told apart", () => {
		const form = (source: string) => analyse(source).form;
		expect(["x => x", "async (x) => x", "() => {}"].map(form)).toEqual(["arrow", "arrow", "arrow"]);
		expect(["function () {}", "async function* f() {}", "class {}"].map(form)).toEqual([
			"function",
			"function",
			"class",
		]);
		expect(["f() {}", "async f() {}", "*f() {}", "get() {}"].map(form)).toEqual([
			"method",
			"method",
			"method",
			"method",
		]);
		expect(["get f() {}", "set f(a) {}"].map(form)).toEqual(["accessor", "accessor"]);
	});

	test("import(), import.meta and #private are noticed", () => {
		expect(analyse("() => import('x')").dynamicImport).toBe(true);
		expect(analyse("() => [import . meta, import.meta]").metas).toEqual([7, 20, 22, 33]);
		expect(analyse("(a = import.meta) => a").metas).toEqual([5, 16]);
		expect(analyse("() => a.#b").privateNames).toBe(true);
		expect(analyse("() => a.b").privateNames).toBe(false);
	});

	test("a superclass and a method's computed key are set apart: they were evaluated before", () => {
		const evaluated = (source: string) => source.slice(...(analyse(source).evaluated ?? [0, 0]));
		expect(evaluated("class A extends mixed(B, import.meta) { c = class extends D {} }")).toBe("mixed(B, import.meta)");
		expect(evaluated("async *[a + b](c) { return { [d]: c } }")).toBe("a + b");
		expect(evaluated("class { [a]() {} }")).toBe("");
		expect(analyse("class extends import.meta.A {}").metas).toEqual([]);
	});

	test("what is no function is refused", () => {
		for (const text of ["", "(", "x => {", "() => { ] }", "a b", "() => `${a"]) {
			expect(() => analyse(text), text).toThrow(SyntaxError);
		}
	});
});
