declare module 'dynalite' {
  import type { Server } from 'node:http'
  /** The fields used here; the times are milliseconds a table stays in a transient state. */
  export default function dynalite(options: {
    createTableMs: number
    deleteTableMs: number
    updateTableMs: number
  }): Server
}
