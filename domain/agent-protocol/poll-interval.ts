/** A gateway that is notified polls so many times less often: notices may be lost. */
export const pushPollFactor = 10;
