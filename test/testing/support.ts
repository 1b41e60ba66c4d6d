/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
	try {
		await promise;
	} catch (error) {
		if (error instanceof Error) return error;
		throw new Error(`It rejected with ${String(error)}, which is no error.`);
	}
	throw new Error("It did not reject.");
}
