/** Where the time comes from; tests give their own. */
export type Clock = { readonly nowMs: () => number };

export const systemClock: Clock = { nowMs: () => Date.now() };

/** Unix time in whole seconds, as the API speaks it. */
export const unixSeconds = (date: Date): number => Math.floor(date.getTime() / 1000);
