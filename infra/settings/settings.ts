/** `custom.millrace`. */
// biome-ignore lint/suspicious/noEmptyInterface: its parts come with their folders
export interface ServiceSettings {}

/** `millrace:` of a function. */
// biome-ignore lint/suspicious/noEmptyInterface: its parts come with their folders
export interface FunctionSettings {}
