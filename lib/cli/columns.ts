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

/** One line of a text, cut. */
export function cut(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}
