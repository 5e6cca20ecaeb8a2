// What scenarios and checks expect, in every runtime and without anything of a test runner.

/** What is thrown; that nothing is is an error, too. */
export function thrownBy(act) {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** What a promise is rejected with. */
export const rejectionOf = (promise) =>
  promise.then(
    () => Promise.reject(new Error("not rejected")),
    (error) => error,
  );

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
