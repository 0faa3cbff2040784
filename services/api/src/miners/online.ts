/** A miner that was heard of within this time counts as online: a waiting one asks every 25 s. */
export const onlineMs = 90_000;
