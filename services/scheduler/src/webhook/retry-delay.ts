const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Waits between attempts; after the last one a delivery is given up, about a day after the first. */
const delaysMs = [5 * second, minute, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour];

/** How long to wait after so many failed attempts; undefined where they were enough. */
export const retryDelayMs = (attempts: number): number | undefined => delaysMs[attempts - 1];
