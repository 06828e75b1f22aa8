export { type Trace, traced, traceHeaders, traceOf } from './trace.js'
