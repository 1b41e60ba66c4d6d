// Instances of your classes: `registerSerializer` says what is sent, and what is made of it on the other side.
import * as ray from "wasmray";

class Money {
	#cents;
	constructor(cents) {
		this.#cents = cents;
	}
	plus(other) {
		return new Money(this.#cents + other.#cents);
	}
	get cents() {
		return this.#cents;
	}
	toString() {
		return `${(this.#cents / 100).toFixed(2)} €`;
	}
}

ray.registerSerializer(Money, {
	name: "Money",
	serialize: (money) => money.cents,
	deserialize: (cents) => new Money(cents),
});

const total = ray.remote((prices) => prices.reduce((sum, price) => sum.plus(price)), { name: "total" });

await ray.main(async () => {
	const sum = await total.remote([new Money(199), new Money(1250), new Money(51)]).get();
	console.log(`${sum} is Money: ${sum instanceof Money}`);

	// What the language itself has needs no codec.
	const echo = ray.remote((value) => value);
	const value = { when: new Date(0), seen: new Map([[1n, new Set(["a"])]]), pattern: /x/gi, holes: new Array(3) };
	value.self = value;
	const back = await echo.remote(value).get();
	console.log(`${back.seen.get(1n).has("a")} ${back.self === back} ${1 in back.holes} ${back.when.getTime()}`);
});
