import { compiledProgram } from '../program.js'

/** The file descriptor of the lifeline in the function's process. */
export const lifelineFd = 3

/** The program of the function's process. @throws MillraceError `ML_LOCAL_BUNDLE` when it was never built */
export const runtimePath = (): string => compiledProgram(new URL('./runtime.js', import.meta.url))
