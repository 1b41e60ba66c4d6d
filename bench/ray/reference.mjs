/** Ray's own figures, for the column that needs no Ray on this machine: ops/s, mean and standard deviation. */
export const reference = {
	title: "Ray 2.60.0, 2 cores",
	source:
		"`ray microbenchmark` of Ray 2.60.0 (Python 3.11) on a machine of 2 cores and 24 GiB with nothing else running, 2026-11-21",
	rows: {
		"single client get calls (Plasma Store)": [16883, 63],
		"single client put calls (Plasma Store)": [2767, 35],
		"multi client put calls (Plasma Store)": [1912, 58],
		"single client put gigabytes": [3.84, 3.37],
		"multi client put gigabytes": [17.6, 6.6],
		"single client tasks and get batch": [2.69, 0.08],
		"single client get object containing 10k refs": [22.1, 0.3],
		"single client wait 1k refs": [2.5, 0.04],
		"single client tasks sync": [830, 13],
		"single client tasks async": [2604, 56],
		"multi client tasks async": [2757, 50],
	},
};
