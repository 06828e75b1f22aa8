/** A function that cannot be loaded. */
throw new TypeError('thrown while it is loaded')
export const handler = () => undefined
