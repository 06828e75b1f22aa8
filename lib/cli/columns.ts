/** Lines of columns, each as wide as its widest cell so far: a list may be longer than memory. The last one is as it is. */
export function columns(...first: number[]): (cells: readonly string[]) => string {
  const widths = [...first]
  return (cells) =>
    cells
      .map((cell, i) => {
        if (i === cells.length - 1) return cell
        widths[i] = Math.max(widths[i] ?? 0, cell.length)
        return cell.padEnd(widths[i] ?? 0)
      })
      .join('  ')
}

/** What a terminal obeys, but the ends of lines and tabs. */
export const controls = /[^\P{Cc}\t\n]/gu

/** Text that a record may have had a say in: shown, and not obeyed. */
export const harmless = (text: string): string =>
  text.replace(controls, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** One line of a text, cut. */
export function cut(text: string, most: number): string {
  const line = harmless(text.replace(/\s+/g, ' '))
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
